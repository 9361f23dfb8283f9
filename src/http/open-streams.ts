import type { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';

/** How long a stream may go on. */
export interface StreamBounds {
  /** Milliseconds from its beginning; `null` for ever. */
  readonly maxStreamAgeMs: number | null;
  /** Milliseconds for which its client may take nothing of what is written; `null` for ever. */
  readonly maxStallMs: number | null;
}

/** The last part of its age over which streams are cut, so that those that came together do not come back together. */
const JITTER = 0.25;
const LOOKS_PER_BOUND = 20;
const MOST_BETWEEN_LOOKS_MS = 5_000;

interface OpenStream {
  readonly cutAtMs: number;
  /** Since when something was seen to wait for its client; undefined where nothing does. */
  fullSinceMs: number | undefined;
}

/**
 * The responses that end only with a job or with their client.
 *
 * When the server closes they are cut, not completed: `complete` would tell clients that the log is, and a client that
 * is cut comes back and resumes. The same happens to one that is too old, for a peer that vanished without a word is not
 * known otherwise, and to one whose client has stopped to read for too long.
 */
export class OpenStreams {
  readonly #bounds: StreamBounds;
  readonly #open = new Map<ServerResponse, OpenStream>();
  readonly #closing = new AbortController();
  #looks: NodeJS.Timeout | undefined;

  constructor(bounds: StreamBounds) {
    this.#bounds = bounds;
  }

  /** Enrols a response until it closes; once the server closes, it is cut at once. */
  add(res: ServerResponse): void {
    if (this.closing.aborted) {
      res.destroy();
      return;
    }
    const ageMs = (this.#bounds.maxStreamAgeMs ?? Infinity) * (1 - JITTER * Math.random());
    const stream: OpenStream = { cutAtMs: performance.now() + ageMs, fullSinceMs: undefined };
    this.#open.set(res, stream);
    res.on('drain', () => {
      stream.fullSinceMs = undefined;
    });
    // `once` would make three more objects for each.
    res.on('close', () => {
      this.#open.delete(res);
      if (this.#open.size === 0) this.#stopLooking();
    });
    this.#looks ??= this.#lookRegularly();
  }

  /** Aborts once they are cut: for what belongs to streams and is no response. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Cuts all of them, in one turn: their connections, or their streams over HTTP/2, go before anything can hear of it, so that no source which ends because
   * of it can still write an end.
   */
  cutAll(): void {
    for (const res of this.#open.keys()) res.destroy();
    this.#open.clear();
    this.#stopLooking();
    this.#closing.abort();
  }

  #lookRegularly(): NodeJS.Timeout | undefined {
    const { maxStreamAgeMs, maxStallMs } = this.#bounds;
    const shortestMs = Math.min(maxStreamAgeMs ?? Infinity, maxStallMs ?? Infinity);
    if (shortestMs === Infinity) return undefined;
    return setInterval(
      () => {
        this.#look();
      },
      Math.min(shortestMs / LOOKS_PER_BOUND, MOST_BETWEEN_LOOKS_MS),
    ).unref();
  }

  #stopLooking(): void {
    clearInterval(this.#looks);
    this.#looks = undefined;
  }

  #look(): void {
    const nowMs = performance.now();
    const mostStallMs = this.#bounds.maxStallMs ?? Infinity;
    for (const [res, stream] of this.#open) {
      stream.fullSinceMs = isFull(res) ? (stream.fullSinceMs ?? nowMs) : undefined;
      const stalledMs = nowMs - (stream.fullSinceMs ?? nowMs);
      if (nowMs >= stream.cutAtMs || stalledMs >= mostStallMs) res.destroy();
    }
  }
}

/** Whether what was written waits for the client to take it. Over HTTP/2 the response does not say, but its stream. */
function isFull(res: ServerResponse | Http2ServerResponse): boolean {
  return (res instanceof Http2ServerResponse ? res.stream : res).writableNeedDrain;
}
