import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import type { JobId } from '../domain/job-id.ts';
import type { LogStream } from '../domain/log-line.ts';
import { isDiskFull } from '../storage/disk-full.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { LogDrainFailedError, type LogAnomaly } from './errors.ts';
import type { StreamMask } from './blind-mask.ts';
import { batchRecords } from './batch-records.ts';
import { lastSeqOf, totalsOf, type IndexRecord } from './index-record.ts';
import { LogBatch } from './log-batch.ts';
import type { LogExtent } from './log-extent.ts';
import type { ChannelGuard } from './log-event-bus.ts';
import { LogIndexWriter } from './log-index-writer.ts';
import { readKeptMark } from './kept-mark.ts';
import { LoopShare, MAX_REST_MS } from './loop-share.ts';
import type { LogTotals } from './log-totals.ts';
import { streamSizes } from './machine-loss.ts';
import { SeqReserve } from './seq-reserve.ts';
import { StreamTail, type Slice } from './stream-tail.ts';

export interface TailerOptions {
  readonly directory: JobDirectory;
  /** Borrowed: the tailer publishes, and never closes it. */
  readonly channel: ChannelGuard;
  /** Of the job's secrets; by default it has none. */
  readonly mask?: StreamMask | null;
  /** True for a job that a former server left: what is in its files already was written at a time nobody knows. */
  readonly resumed: boolean;
  /** True where the machine was restarted since a former server wrote: the ends of the files may be gone. False by default. */
  readonly afterLoss?: boolean;
  /** Milliseconds since the Unix epoch; the wall clock by default. */
  readonly clock?: () => number;
  /** Milliseconds without news after which a line without its newline is delivered; 1,000 by default. */
  readonly idleMs?: number;
  /** Milliseconds between two attempts to write the index; 1,000 by default. */
  readonly retryMs?: number;
  /** Milliseconds for which `drain` keeps trying to write the index; 10,000 by default. */
  readonly drainRetryMs?: number;
  /** Called once for each kind and stream; must not throw. */
  readonly onAnomaly?: (anomaly: LogAnomaly) => void;
  /** Called after each turn with how far the log reaches then; says whether it is to be looked at often. Must not throw. */
  readonly onGrowth?: (extent: LogExtent) => boolean;
  readonly pass?: PassCheckpoint;
  /** Of all tailers of the server; by default one of its own. */
  readonly share?: LoopShare;
}

/** A job that was held back writes megabytes in a few milliseconds. */
const FLOOD_REST_MS = 1;

/**
 * Numbers the output of one active job: reads what its streams grew by, cuts it into batches, appends them to the index,
 * then publishes them.
 *
 * States: idle → (resting →) reading (a slice of each stream a turn of the event loop) → idle; stalled, when the index or a stream fails, and
 * tried again at the next poke or after `retryMs`; drained or failed (`drain` settled), or released, for good.
 *
 * Order: exact within a stream; between the streams, order of arrival here. Loss: none; a batch is published only when it
 * is in the index, and what is not there is read again, also by the next tailer. After a loss of the machine the numbers that
 * may have been given are a gap, and what is left of the streams behind the index has numbers above them.
 * Secrets: batches hold them masked; what may be the beginning of one waits until it is decided, a prompt, too.
 * Coalescing: the first bytes after a pause are read at once; after that it rests for a few milliseconds between two
 * times, longer while the event loop has no time to spare, so that what comes in small pieces is read together.
 * Fairness: what is more than a slice takes turns with all others that have as much.
 * Known gap: a log file that is cut short and has grown past its old end before anybody looked is not noticed.
 */
export class Tailer implements Disposable {
  readonly #jobId: JobId;
  readonly #channel: ChannelGuard;
  readonly #clock: () => number;
  readonly #idleMs: number;
  readonly #retryMs: number;
  readonly #drainRetryMs: number;
  readonly #onAnomaly: (anomaly: LogAnomaly) => void;
  readonly #onGrowth: (extent: LogExtent) => boolean;
  readonly #pass: PassCheckpoint;
  readonly #index: LogIndexWriter;
  readonly #reserve: SeqReserve;
  #tails: readonly [StreamTail, StreamTail];
  #lastSeq: number;
  /** The anomalies that were told already. */
  readonly #told = new Set<string>();
  readonly #idleAtMs = new Map<StreamTail, number>();
  readonly #ended = new Set<StreamTail>();
  #retryAtMs: number | undefined;
  #drain: Drain | undefined;
  #isOver = false;
  readonly #share: LoopShare;
  #turn: NodeJS.Immediate | undefined;
  #rest: NodeJS.Timeout | undefined;
  #isEnqueued = false;
  #isFlooding = false;
  /** Whether lines wait for the mark that must be above them. */
  #isHeld = false;
  #lastReadAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Opens the files and recovers from the index where the log stands. Reading begins in a later turn of the event loop.
   * A stream's file may come later; one that is not a regular file is told as an anomaly and left alone.
   * @throws LogFileRefusedError, LogIndexRefusedError, both for the index; errors of the file system
   */
  constructor(options: TailerOptions) {
    const { directory, channel } = options;
    this.#jobId = directory.jobId;
    this.#channel = channel;
    this.#clock = options.clock ?? Date.now;
    this.#idleMs = options.idleMs ?? 1_000;
    this.#retryMs = options.retryMs ?? 1_000;
    this.#drainRetryMs = options.drainRetryMs ?? 10_000;
    this.#onAnomaly = options.onAnomaly ?? (() => undefined);
    this.#onGrowth = options.onGrowth ?? (() => false);
    this.#pass = options.pass ?? passUnwatched;
    this.#share = options.share ?? new LoopShare();
    this.#reserve = new SeqReserve({
      directory,
      resumed: options.resumed,
      onReserved: () => {
        this.#onReserved();
      },
      onFailed: (error) => {
        this.#onReserveFailed(error);
      },
    });
    this.#index = new LogIndexWriter(directory.indexPath, directory.jobId);
    this.#closeAfterLoss(directory, options.afterLoss === true);
    const totals = totalsOf(this.#index.last);
    const opened: StreamTail[] = [];
    const open = (stream: LogStream, offset: number, lineCount: number): StreamTail => {
      const isUnterminated = totals.endedWithoutNewline.includes(stream);
      const position = { offset, lineCount, isUnterminated };
      const tail = new StreamTail(stream, directory.logPath(stream), position, options.resumed, options.mask);
      opened.push(tail);
      return tail;
    };
    try {
      this.#tails = [
        open('STDOUT', totals.stdoutBytes, totals.stdoutLines),
        open('STDERR', totals.stderrBytes, totals.stderrLines),
      ];
    } catch (error) {
      for (const tail of opened) tail[Symbol.dispose]();
      this.#index[Symbol.dispose]();
      throw error;
    }
    this.#lastSeq = totals.lastSeq;
    channel.advanceTo(totals.lastSeq);
    this.poke();
  }

  /** How much is numbered so far. */
  get totals(): LogTotals {
    return totalsOf(this.#index.last);
  }

  /** How far the log reaches, as it was looked at last. */
  get extent(): LogExtent {
    const [one, other] = this.#tails;
    const [stdout, stderr] = one.stream === 'STDOUT' ? [one, other] : [other, one];
    return {
      stdoutSize: stdout.size,
      stderrSize: stderr.size,
      backlogBytes: stdout.size - stdout.offset + (stderr.size - stderr.offset),
      recordCount: this.#index.recordCount,
    };
  }

  /** Something may have changed. Cheap; calls that come together are one. Nothing after the end. */
  poke(): void {
    if (this.#isOver || this.#isEnqueued || this.#turn !== undefined || this.#rest !== undefined) return;
    const restMs = this.#drain === undefined ? this.#restMs() : 0;
    if (restMs > 0) this.#rest = setTimeout(this.#takeTurn, Math.ceil(restMs));
    else this.#turn = setImmediate(this.#takeTurn);
  }

  /**
   * Reads to the current end of both streams and delivers the rest, complete or not: nothing follows. Further calls give
   * the same promise.
   * @throws LogDrainFailedError if that keeps failing for `drainRetryMs`, but for a disk that is full, or when the tailer is released before.
   */
  drain(): Promise<LogTotals> {
    if (this.#drain === undefined) {
      this.#drain = new Drain(performance.now() + this.#drainRetryMs);
      if (this.#isOver) this.#drain.reject(new LogDrainFailedError(this.#jobId));
      clearTimeout(this.#rest);
      this.#rest = undefined;
      this.poke();
    }
    return this.#drain.promise;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#reserve.release(this.#lastSeq);
    this.#drain?.reject(new LogDrainFailedError(this.#jobId));
    for (const tail of this.#tails) tail[Symbol.dispose]();
    this.#index[Symbol.dispose]();
  }

  /** What is left of the rest since bytes were read last. */
  #restMs(): number {
    const sinceMs = performance.now() - this.#lastReadAtMs;
    if (sinceMs >= MAX_REST_MS) return 0;
    return (this.#isFlooding ? FLOOD_REST_MS : this.#share.restMs) - sinceMs;
  }

  readonly #takeTurn = (): void => {
    if (this.#isOver) return;
    this.#turn = undefined;
    this.#rest = undefined;
    this.#isEnqueued = false;
    let hasMore = false;
    try {
      for (const tail of this.#tails) hasMore = this.#readSlice(tail) || hasMore;
      this.#retryAtMs = undefined;
    } catch (error) {
      this.#stall(error);
    }
    this.#isFlooding = this.#onGrowth(this.extent);
    // The other one first the next time: a stream that fails must not keep it from its turn.
    this.#tails = [this.#tails[1], this.#tails[0]];
    if (this.#drain !== undefined && this.#ended.size === 2) {
      this.#stop();
      this.#drain.resolve(this.totals);
    }
    if (hasMore) {
      this.#isEnqueued = true;
      this.#share.enqueue(this.#takeTurn);
    } else this.#armTimer();
  };

  /** @returns whether there is more to read at once. */
  #readSlice(tail: StreamTail): boolean {
    if (this.#ended.has(tail)) return false;
    const isFinal = this.#drain !== undefined;
    const state = tail.check();
    if (state === 'SHRUNK') this.#tell({ kind: 'SHRUNK', stream: tail.stream, offset: tail.offset });
    if (state === 'REFUSED') this.#tell({ kind: 'REFUSED', stream: tail.stream });
    if (state === 'MISSING' && tail.offset > 0) this.#tell({ kind: 'MISSING', stream: tail.stream });
    if (this.#isHeld) return false;
    const slice = tail.read(isFinal);
    let isWhole = true;
    if (slice !== undefined) {
      if (slice.bytes.length > 0) this.#lastReadAtMs = performance.now();
      isWhole = this.#number(tail, slice);
      if (tail.hasRest) this.#idleAtMs.set(tail, performance.now() + this.#idleMs);
      else this.#idleAtMs.delete(tail);
    }
    const hasMore = slice?.hasMore ?? false;
    if (!isWhole) {
      // What is read is not the beginning of a line, and is read again.
      this.#idleAtMs.delete(tail);
      return false;
    }
    if (isFinal && !hasMore) this.#ended.add(tail);
    return hasMore;
  }

  /** Index first, then publish. @returns false where lines of it wait for their numbers */
  #number(tail: StreamTail, slice: Slice): boolean {
    const other = tail === this.#tails[0] ? this.#tails[1] : this.#tails[0];
    const atMs = Math.max(0, Math.floor(this.#clock()));
    let records = this.#withinReserve(batchRecords(slice, tail, other, this.#lastSeq, atMs));
    while (records.length > 0) {
      const appended = this.#index.append(records);
      this.#pass('INDEX_APPENDED');
      for (const record of records.slice(0, appended)) {
        tail.advance(record);
        this.#lastSeq = lastSeqOf(record);
        const start = record.offset - slice.offset;
        const bytes = slice.bytes.subarray(start, start + record.byteLength);
        this.#channel.publish(new LogBatch({ ...record, bytes }));
        this.#pass('BATCH_PUBLISHED');
      }
      records = records.slice(appended);
    }
    return !this.#isHeld;
  }

  /** Those whose numbers are below the mark that is on the disk; the others are read again when it has moved. */
  #withinReserve(records: IndexRecord[]): IndexRecord[] {
    const last = records.at(-1);
    if (last === undefined) return records;
    const upToSeq = this.#reserve.upTo(lastSeqOf(last), this.#lastSeq);
    if (lastSeqOf(last) <= upToSeq) return records;
    this.#isHeld = true;
    return records.filter((record) => lastSeqOf(record) <= upToSeq);
  }

  #onReserved(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const tail of this.#tails) tail.forgetSeen();
    this.poke();
  }

  #onReserveFailed(error: unknown): void {
    if (this.#isOver || !this.#isHeld) return;
    this.#isHeld = false;
    this.#stall(error);
    this.#armTimer();
  }

  #closeAfterLoss(directory: JobDirectory, isAfterLoss: boolean): void {
    const { givenSeq, reservedSeq } = this.#reserve.mark;
    // Without a restart of the machine the index has what it had, unless somebody took it away.
    if (!isAfterLoss && totalsOf(this.#index.last).lastSeq >= givenSeq) return;
    const { position } = readKeptMark(directory);
    const atMs = Math.max(0, Math.floor(this.#clock()));
    try {
      this.#index.closeAfterLoss(streamSizes(directory), reservedSeq, position, atMs);
    } catch (error) {
      this.#index[Symbol.dispose]();
      throw error;
    }
  }

  #stall(error: unknown): void {
    for (const tail of this.#tails) tail.forgetSeen();
    this.#tell({ kind: 'STALLED', error });
    const nowMs = performance.now();
    this.#retryAtMs = nowMs + this.#retryMs;
    // A disk that is full has room again some day; until then the end of the log waits for it.
    if (this.#drain === undefined || isDiskFull(error)) return;
    this.#retryAtMs = Math.min(this.#retryAtMs, this.#drain.deadlineMs);
    if (nowMs < this.#drain.deadlineMs) return;
    this.#stop();
    this.#drain.reject(new LogDrainFailedError(this.#jobId, { cause: error }));
  }

  /** The one timer: for the next attempt, or for the stream that is idle first. */
  #armTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const dueMs = Math.min(this.#retryAtMs ?? Infinity, ...this.#idleAtMs.values());
    if (this.#isOver || dueMs === Infinity) return;
    this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(dueMs - performance.now())));
  }

  readonly #onTimer = (): void => {
    const nowMs = performance.now();
    if (this.#retryAtMs !== undefined && this.#retryAtMs <= nowMs) {
      this.#retryAtMs = undefined;
      this.poke();
    }
    try {
      // While the job is held back, it is not the program that keeps the rest of the line.
      const isHeldBack = this.#idleAtMs.size > 0 && this.#onGrowth(this.extent);
      for (const [tail, idleAtMs] of this.#idleAtMs) {
        if (idleAtMs > nowMs) continue;
        if (isHeldBack) {
          this.#idleAtMs.set(tail, nowMs + this.#idleMs);
          continue;
        }
        this.#idleAtMs.delete(tail);
        const slice = tail.readIdle();
        if (slice === undefined) this.poke();
        else this.#number(tail, slice);
      }
    } catch (error) {
      this.#stall(error);
    }
    this.#armTimer();
  };

  #tell(anomaly: LogAnomaly): void {
    const name = 'stream' in anomaly ? `${anomaly.kind} ${anomaly.stream}` : anomaly.kind;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#onAnomaly(anomaly);
  }

  /** Nothing is read, numbered or scheduled any more. */
  #stop(): void {
    this.#isOver = true;
    clearImmediate(this.#turn);
    clearTimeout(this.#rest);
    clearTimeout(this.#timer);
  }
}

/** The promise of `drain` with its two ends. */
class Drain {
  readonly deadlineMs: number;
  readonly promise: Promise<LogTotals>;
  resolve: (totals: LogTotals) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
