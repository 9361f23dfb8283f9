import type { LogBatch } from './log-batch.ts';
import type { LogChannel } from './log-channel.ts';

/** What is new since the position that a reader took last: all of it in one, however much was published. */
export interface LogNews {
  /** The highest seq published. */
  readonly lastSeq: number;
  /** The newest of the new lines; they may begin later than the position + 1, the files have the rest. */
  readonly batches: readonly LogBatch[];
}

type NewsResult = IteratorResult<LogNews, undefined>;
const DONE: NewsResult = Object.freeze({ done: true, value: undefined });

/**
 * One reader's place at a channel. States: attached → (channel closed: draining →) ended.
 *
 * Order: publish order; each call of next() takes what is new, the first of several concurrent calls gets it.
 * Slow reader: holds nothing but a position. Closing: news that is left, then done.
 * Release: abort, return(), throw() and dispose detach synchronously; what waits resolves with done.
 */
export class LogSubscription implements AsyncIterableIterator<LogNews, undefined, undefined>, Disposable {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  #channel: LogChannel | undefined;
  #position = 0;
  /** Seldom more than one, for days: `push` would make room for sixteen more. */
  #waiting: ((result: NewsResult) => void)[] = [];
  readonly #listener = {
    wake: (): void => {
      this.#wake();
    },
  };

  /** Made by `LogEventBus.subscribe`. */
  constructor(channel: LogChannel | undefined, after: number | undefined, signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (channel === undefined || signal?.aborted === true) return;
    this.#channel = channel;
    this.#position = after ?? channel.lastSeq;
    channel.attach(this.#listener);
    if (signal === undefined) return;
    this.#onAbort = () => {
      this[Symbol.dispose]();
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** True where nothing more will be published: the channel closed or never was, or this reader left. */
  get ended(): boolean {
    return this.#channel?.closed ?? true;
  }

  /** The highest seq that the channel has published; 0 after the end. */
  get lastSeq(): number {
    return this.#channel?.lastSeq ?? 0;
  }

  /** The ring's shared batches behind `seq` without a hole, or none where the ring does not reach back so far. */
  recent(seq: number): readonly LogBatch[] {
    const batches = this.#channel?.newerThan(seq) ?? [];
    return batches[0]?.firstSeq === seq + 1 ? batches : [];
  }

  next(): Promise<NewsResult> {
    const news = this.#take();
    if (news !== undefined) return Promise.resolve({ done: false, value: news });
    if (this.ended) {
      this[Symbol.dispose]();
      return Promise.resolve(DONE);
    }
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, resolve];
    });
  }

  /** Detaches; may come any number of times; never rejects. */
  return(): Promise<NewsResult> {
    this[Symbol.dispose]();
    return Promise.resolve(DONE);
  }

  /** Detaches and hands the error back, as a generator that does not catch it. */
  throw(error?: unknown): Promise<NewsResult> {
    this[Symbol.dispose]();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is the caller's own value
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.#deafen();
    this.#channel?.detach(this.#listener);
    this.#channel = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve(DONE);
  }

  #wake(): void {
    const news = this.#waiting.length > 0 ? this.#take() : undefined;
    if (news !== undefined) this.#waiting.shift()?.({ done: false, value: news });
    if (!this.ended) return;
    this.#deafen();
    for (const resolve of this.#waiting.splice(0)) resolve(DONE);
  }

  #deafen(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #take(): LogNews | undefined {
    const channel = this.#channel;
    if (channel === undefined || channel.lastSeq <= this.#position) return undefined;
    const news = { lastSeq: channel.lastSeq, batches: channel.newerThan(this.#position) };
    this.#position = channel.lastSeq;
    return news;
  }
}
