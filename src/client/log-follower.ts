import { Backoff, pause } from './backoff.ts';
import type { Endpoint } from './endpoint.ts';
import { isPassing } from './errors.ts';
import type { LogStream } from './generated/graphql.ts';
import { JobLogConnection, type LogOperation, type WireEvent } from './job-log-connection.ts';

/** What a reader of a job's log gets: lines, gaps where lines are gone for good, and once, last, the end. */
export type JobLogEvent = Exclude<WireEvent, { __typename: 'LogHeartbeat' }>;

/** Where a follow stands; for showing, not for deciding. */
export type FollowState =
  | { readonly state: 'CONNECTING'; readonly after: number }
  | { readonly state: 'CONNECTED' }
  | { readonly state: 'WAITING'; readonly delayMs: number; readonly cause: Error };

export interface FollowOptions {
  /** Default: both. */
  readonly streams?: readonly LogStream[] | undefined;
  /** Ends the iteration at once, quietly. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds between the server's signs of life on a silent log; three missed ones are a dead connection. Default 10,000. */
  readonly heartbeatMs?: number | undefined;
  readonly onStateChange?: ((state: FollowState) => void) | undefined;
}

/** Where a reader stands in a log. Moves as events are passed, and asks to go on behind what was passed. */
export interface LogPlace {
  /** The last seq that was passed. */
  readonly lastSeq: number;
  operation(options: {
    readonly streams: readonly LogStream[] | null;
    readonly heartbeatMs: number;
  }): LogOperation;
  /** The part of an event that the reader has not passed: a resumed stream must not give a line twice. */
  pass(event: WireEvent): JobLogEvent | undefined;
  /** Whether nothing can follow. */
  isEnd(event: WireEvent): boolean;
}

const HEARTBEAT_MS = 10_000;
const MISSED_HEARTBEATS = 3;

/**
 * Follows a log to its end, over any number of connections: each line exactly once, in order, then `LogDone`.
 *
 *   idle → (connecting → reading → waiting →)… → released (by the end of the log, a final error, `return()` or the signal)
 *
 * End: only what the place takes for it, such as `LogDone`, which is given last. A coded refusal is thrown and final; everything else (network, 5xx,
 * silence, a stream that completes early, a server on its way down) is a reason to connect again behind the last seq
 * that was passed, for ever, until the signal aborts.
 * Slow reader: nothing is buffered but a chunk of the connection.
 * Release: `return()` and the signal close the connection and end a pending `next()` at once. Nothing is held before
 * the first `next()`.
 */
export class LogFollower implements AsyncIterableIterator<JobLogEvent, undefined> {
  readonly #endpoint: Endpoint;
  readonly #place: LogPlace;
  readonly #options: FollowOptions;
  readonly #released = new AbortController();
  readonly #backoff = new Backoff();
  #connection: JobLogConnection | undefined;
  #isAttached = false;
  /** Concurrent calls of `next()` take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param place taken over */
  constructor(endpoint: Endpoint, place: LogPlace, options: FollowOptions = {}) {
    this.#endpoint = endpoint;
    this.#place = place;
    this.#options = options;
  }

  /** @throws LifelineRequestError when the server refuses for good; afterwards the iteration has ended */
  next(): Promise<IteratorResult<JobLogEvent, undefined>> {
    const step = this.#turn.then(() => this.#step());
    this.#turn = step.catch(() => undefined);
    return step;
  }

  /** Leaves now. Idempotent, never rejects. */
  return(): Promise<IteratorResult<JobLogEvent, undefined>> {
    this.#release();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #step(): Promise<IteratorResult<JobLogEvent, undefined>> {
    this.#attach();
    while (!this.#isReleased()) {
      try {
        const event = await this.#receive();
        if (event !== undefined) return { done: false, value: event };
      } catch (error) {
        if (this.#isReleased()) break;
        this.#disconnect();
        if (!isPassing(error)) {
          this.#release();
          throw error;
        }
        await this.#wait(error);
      }
    }
    return { done: true, value: undefined };
  }

  /** One piece of news from the connection; `undefined` where it holds nothing that the reader has not passed. */
  async #receive(): Promise<JobLogEvent | undefined> {
    this.#connection ??= this.#connect();
    const news = await this.#connection.take();
    if (this.#isReleased()) return undefined;
    if (news.opened) {
      this.#options.onStateChange?.({ state: 'CONNECTED' });
      return undefined;
    }
    const { event } = news;
    const fresh = this.#place.pass(event);
    if (fresh !== undefined || event.__typename === 'LogHeartbeat') this.#backoff.reset();
    if (this.#place.isEnd(event)) this.#release();
    return fresh;
  }

  #connect(): JobLogConnection {
    const { streams = null, heartbeatMs = HEARTBEAT_MS, onStateChange } = this.#options;
    onStateChange?.({ state: 'CONNECTING', after: this.#place.lastSeq });
    const operation = this.#place.operation({ streams, heartbeatMs });
    return new JobLogConnection(this.#endpoint, operation, MISSED_HEARTBEATS * heartbeatMs);
  }

  async #wait(cause: Error): Promise<void> {
    const delayMs = this.#backoff.nextDelayMs();
    this.#options.onStateChange?.({ state: 'WAITING', delayMs, cause });
    await pause(delayMs, this.#released.signal);
  }

  #attach(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    this.#options.signal?.addEventListener('abort', this.#release);
    if (this.#options.signal?.aborted === true) this.#release();
  }

  readonly #release = (): void => {
    this.#released.abort();
    this.#options.signal?.removeEventListener('abort', this.#release);
    this.#disconnect();
  };

  #isReleased(): boolean {
    return this.#released.signal.aborted;
  }

  #disconnect(): void {
    this.#connection?.dispose();
    this.#connection = undefined;
  }
}
