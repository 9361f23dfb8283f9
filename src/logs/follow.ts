import { JobNotFoundError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import { LOG_STREAMS, type LogStream } from '../domain/log-line.ts';
import { FollowInterruptedError } from './errors.ts';
import { EventSize } from './event-size.ts';
import type { JobLogReader, LogChunk } from './job-log-reader.ts';
import type { LogBatch } from './log-batch.ts';
import type { LogEventBus } from './log-event-bus.ts';
import { isGap, type LogGap } from './log-item.ts';
import type { LogSubscription } from './log-subscription.ts';

/** Where a follower gets what it delivers. */
export interface FollowSources {
  readonly bus: LogEventBus;
  /** The follower owns the reader. */
  openReader(jobId: JobId): Promise<JobLogReader>;
  /** Whether the job has its final state, so that nothing can follow. */
  outcomeIsKnown(jobId: JobId): Promise<boolean>;
  /** Whether there is no such job any more, by hand or by retention: what is missing of its log then is not damaged. */
  isGone(jobId: JobId): Promise<boolean>;
}

export interface FollowRequest {
  readonly jobId: JobId;
  /** The cursor: only lines behind this seq; 0, the beginning, by default. Beyond the end it waits. Not with `tail`. */
  readonly after?: number | undefined;
  /** Begins with the last so many lines, of the chosen streams. */
  readonly tail?: number | undefined;
  /** All by default. */
  readonly streams?: readonly LogStream[] | undefined;
  /** Milliseconds without an event after which there is a heartbeat; none by default. */
  readonly heartbeatMs?: number | undefined;
  /** Releases the follower when it aborts. */
  readonly signal: AbortSignal;
}

/** `lastSeq` is the highest seq that this reader has passed, lines of other streams included: the cursor to resume from. */
export type FollowEvent =
  | { readonly type: 'lines'; readonly batches: readonly LogBatch[]; readonly lastSeq: number }
  | ({ readonly type: 'gap' } & LogGap)
  /** `atMs` in milliseconds since the Unix epoch. */
  | { readonly type: 'heartbeat'; readonly lastSeq: number; readonly atMs: number }
  | { readonly type: 'done'; readonly lastSeq: number; readonly endedWithoutNewline: readonly LogStream[] };

type FollowResult = IteratorResult<FollowEvent, undefined>;

interface Waiter {
  readonly resolve: (result: FollowResult) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: FollowResult = Object.freeze({ done: true, value: undefined });

/**
 * Replays a job's log from a cursor, goes on live, and ends: each line exactly once, in order, then one `done`.
 * Attached when this returns. The caller owns the iterator; the request's signal releases it, too.
 */
export function follow(sources: FollowSources, request: FollowRequest): FollowIterator {
  return new FollowIterator(sources, request);
}

/**
 * One follower. States: attached (nothing open yet) → reading → ended; it is released by done, an error, abort, return(),
 * throw() and dispose alike.
 *
 * Not an async generator: whose return() waits behind a pending next(), and does nothing before the first one.
 * Order: by seq. Slow reader: holds a cursor, and descriptors while it is behind; the log waits for nobody.
 * Closing: when the channel has closed and all lines are delivered, `done` if the job's outcome is known; otherwise next()
 * rejects with FollowInterruptedError, for the log may go on, or with JobNotFoundError where the job was removed meanwhile.
 * Release: synchronous, whatever is waited for; next() calls that wait resolve with done. What is being opened then is
 * closed as soon as it is open.
 */
export class FollowIterator implements AsyncIterableIterator<FollowEvent, undefined, undefined>, Disposable {
  readonly #sources: FollowSources;
  readonly #request: FollowRequest;
  readonly #streams: readonly LogStream[];
  readonly #subscription: LogSubscription;
  readonly #onAbort = (): void => {
    this[Symbol.dispose]();
  };
  readonly #eventSize = new EventSize();
  #reader: JobLogReader | undefined;
  #cursor: number;
  /** Whether the cursor is where the request wants to begin. */
  #isPlaced: boolean;
  /** Seldom more than one, for days: `push` would make room for sixteen more. */
  #waiting: Waiter[] = [];
  #isRunning = false;
  /** Whether the files were read to their end once; from then on the doorbell says when there is more. */
  #hasReplayed = false;
  #isListening = false;
  #wake: (() => void) | undefined;
  #lastEventAtMs = performance.now();
  #released = false;

  constructor(sources: FollowSources, request: FollowRequest) {
    this.#sources = sources;
    this.#request = request;
    this.#streams = request.streams ?? LOG_STREAMS;
    this.#cursor = request.after ?? 0;
    this.#isPlaced = request.tail === undefined;
    const { signal } = request;
    this.#subscription = sources.bus.subscribe(request.jobId, { after: request.after });
    if (signal.aborted) this[Symbol.dispose]();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  next(): Promise<FollowResult> {
    if (this.#released) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, { resolve, reject }];
      if (!this.#isRunning) void this.#serve();
    });
  }

  /** Releases; may come any number of times; never rejects. */
  return(): Promise<FollowResult> {
    this[Symbol.dispose]();
    return Promise.resolve(DONE);
  }

  /** Releases and hands the error back, as a generator that does not catch it. */
  throw(error?: unknown): Promise<FollowResult> {
    this[Symbol.dispose]();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is the caller's own value
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    this.#subscription[Symbol.dispose]();
    this.#closeReader();
    this.#wake?.();
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(DONE);
  }

  /**
   * Answers the waiting calls in turn: one event is made at a time, however many calls there are. It waits here, and not below,
   * where each function would hold its state for as long.
   */
  async #serve(): Promise<void> {
    this.#isRunning = true;
    // Once released, the waiting calls have had their answer.
    while (this.#waiting.length > 0) {
      try {
        if (this.#hasReadAll()) await this.#news();
        else this.#answer(await this.#step());
        this.#answer(this.#dueHeartbeat());
      } catch (error) {
        this.#waiting.shift()?.reject(error);
        this[Symbol.dispose]();
      }
    }
    this.#isRunning = false;
  }

  #answer(event: FollowEvent | undefined): void {
    if (event === undefined) return;
    this.#lastEventAtMs = performance.now();
    this.#waiting.shift()?.resolve({ done: false, value: event });
    if (event.type === 'done') this[Symbol.dispose]();
  }

  #hasReadAll(): boolean {
    const { ended, lastSeq } = this.#subscription;
    return this.#hasReplayed && !ended && lastSeq <= this.#cursor;
  }

  /** One of: lines from memory, lines from the files, the end. An event, unless it only moved the cursor. */
  async #step(): Promise<FollowEvent | undefined> {
    // Only the files know where the last lines begin.
    const recent = this.#isPlaced ? this.#subscription.recent(this.#cursor) : [];
    if (recent.length > 0) return this.#takeBatches(recent);
    // Both are looked at before the files are: what is true now is in the files then.
    const hasEnded = this.#subscription.ended;
    const publishedSeq = this.#subscription.lastSeq;
    const reader = await this.#openedReader();
    if (reader === undefined) return undefined;
    const limits = { ...this.#eventSize.limits, streams: this.#streams };
    const chunk = await reader.readChunk(this.#cursor, limits);
    if (chunk.items.some((item) => isGap(item) && item.gap.reason === 'DAMAGED')) await this.#refuseIfGone();
    if (chunk.lastSeq > this.#cursor) return this.#takeChunk(chunk);
    this.#hasReplayed = true;
    if (hasEnded) return await this.#end(reader);
    // Published, so it was written down; now it is not there.
    if (publishedSeq > this.#cursor) {
      await this.#refuseIfGone();
      return this.#takeGap({ fromSeq: this.#cursor + 1, toSeq: publishedSeq, reason: 'DAMAGED' });
    }
    return undefined;
  }

  async #openedReader(): Promise<JobLogReader | undefined> {
    if (this.#reader !== undefined) return this.#reader;
    const { jobId, tail } = this.#request;
    const reader = await this.#sources.openReader(jobId);
    if (this.#released) {
      reader[Symbol.dispose]();
      return undefined;
    }
    this.#reader = reader;
    if (!this.#isPlaced && tail !== undefined) this.#cursor = await reader.seqOfLast(tail, this.#streams);
    this.#isPlaced = true;
    return reader;
  }

  /** A follower that waits at the head may wait for days: it holds no descriptors meanwhile. */
  #closeReader(): void {
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
  }

  #takeBatches(available: readonly LogBatch[]): FollowEvent | undefined {
    const wanted = available.filter(({ stream }) => this.#streams.includes(stream));
    return this.#takeLines(wanted, available.at(-1)?.lastSeq ?? this.#cursor);
  }

  /** The first event of what was read: a gap, or the batches up to the next gap. What is behind it is read again. */
  #takeChunk(chunk: LogChunk): FollowEvent | undefined {
    const batches: LogBatch[] = [];
    for (const item of chunk.items) {
      if (!isGap(item)) {
        batches.push(item);
        continue;
      }
      return batches.length === 0 ? this.#takeGap(item.gap) : this.#takeLines(batches, item.gap.fromSeq - 1);
    }
    return this.#takeLines(batches, chunk.lastSeq);
  }

  /** @param lastSeq how far the cursor moves where all of the batches fit into one event */
  #takeLines(wanted: readonly LogBatch[], lastSeq: number): FollowEvent | undefined {
    const batches = this.#eventSize.fitting(wanted);
    const last = batches.at(-1);
    const isAll = last === wanted.at(-1);
    this.#cursor = isAll || last === undefined ? lastSeq : last.lastSeq;
    if (last === undefined) return undefined;
    this.#eventSize.grow();
    return { type: 'lines', batches, lastSeq: this.#cursor };
  }

  #takeGap(gap: LogGap): FollowEvent {
    this.#cursor = gap.toSeq;
    return { type: 'gap', ...gap };
  }

  async #end(reader: JobLogReader): Promise<FollowEvent> {
    const { jobId, after } = this.#request;
    await this.#refuseIfGone();
    if (!(await this.#sources.outcomeIsKnown(jobId))) throw new FollowInterruptedError(jobId, this.#cursor);
    const totals = await reader.totals();
    // A cursor beyond the end has passed no more than there is.
    const lastSeq = this.#cursor === after ? Math.min(after, totals.lastSeq) : this.#cursor;
    return { type: 'done', lastSeq, endedWithoutNewline: totals.endedWithoutNewline };
  }

  /** @throws JobNotFoundError */
  async #refuseIfGone(): Promise<void> {
    const { jobId } = this.#request;
    if (await this.#sources.isGone(jobId)) throw new JobNotFoundError(jobId);
  }

  /** Waits until something was published, the channel closed, a heartbeat is due, or the release. */
  #news(): Promise<unknown> {
    this.#closeReader();
    // The release ends the subscription, too.
    if (this.#request.heartbeatMs === undefined) return this.#subscription.next();
    if (!this.#isListening) {
      this.#isListening = true;
      void this.#subscription.next().then(() => {
        this.#isListening = false;
        this.#wake?.();
      });
    }
    return new Promise<void>((resolve) => {
      const timer = this.#startHeartbeatTimer();
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #startHeartbeatTimer(): NodeJS.Timeout | undefined {
    const { heartbeatMs } = this.#request;
    if (heartbeatMs === undefined) return undefined;
    const dueMs = this.#lastEventAtMs + heartbeatMs - performance.now();
    return setTimeout(() => this.#wake?.(), Math.max(1, Math.ceil(dueMs)));
  }

  #dueHeartbeat(): FollowEvent | undefined {
    const { heartbeatMs } = this.#request;
    if (heartbeatMs === undefined || performance.now() - this.#lastEventAtMs < heartbeatMs) return undefined;
    return { type: 'heartbeat', lastSeq: this.#cursor, atMs: Date.now() };
  }
}
