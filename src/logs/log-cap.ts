import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import type { LogOverflow } from '../domain/log-limit.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type { HolePuncher } from './hole-puncher.ts';
import { NOTHING_TRIMMED, readKeptMark, writeKeptMark, type KeptMark } from './kept-mark.ts';
import type { LogExtent } from './log-extent.ts';
import { LogFiles } from './log-files.ts';
import { LogIndexReader } from './log-index-reader.ts';
import { holesBetween, keptBytes, numberedBytes, planTrim } from './trim-plan.ts';

/** The most that a trim leaves free below the cap, so that the next one is far. */
const MOST_SLACK_BYTES = 64 * 1024 * 1024;
/** And of a smaller cap, the part. */
const SLACK_DIVISOR = 8;
const RETRY_MS = 10_000;
/** The shortest pause between two trims, and how many times longer it is than a trim: each takes a process or four. */
const REST_MS = 250;
const REST_FACTOR = 10;

export interface LogCapOptions {
  readonly directory: JobDirectory;
  /** Of streams and index together. */
  readonly maxBytes: number;
  readonly overflow: LogOverflow;
  /** How much stays before what is kept, for the masks of secrets. Default: 0. */
  readonly contextBytes?: number;
  /** Borrowed: one for all jobs. */
  readonly puncher: HolePuncher;
  /** Called once, where the job is to be ended. */
  readonly onLimit: () => void;
  /** Called when a trim is over, however it ended. */
  readonly onTrimmed?: (() => void) | undefined;
  /** Called when trimming has become impossible, or has failed: once for each reason. */
  readonly onProblem: (problem: string) => void;
  readonly pass?: PassCheckpoint | undefined;
}

/**
 * Keeps the log of one active job within its cap.
 *
 * States: within → over → trimming → within; or, with CANCEL, over → told, once; or unable, for good, where the file system
 * makes no holes: the log grows beyond its cap then, and the problem is told. What fails otherwise is tried again.
 *
 * Order: the mark is on the disk before anything goes, so that no reader takes a hole for text; a server that is killed
 * between the two punches again at its next start. Only what is in the index goes.
 * Cost: an addition at each turn of the tailer; one trim frees an eighth of the cap, at most 64 MiB, and there are at most four a
 * second. Who writes faster must wait: see `excessBytes`.
 */
export class LogCap implements Disposable {
  readonly #options: LogCapOptions;
  readonly #pass: PassCheckpoint;
  readonly #slackBytes: number;
  /** What readers may read. */
  #kept: KeptMark;
  /** Up to where the files are known to be holes. */
  #punched = NOTHING_TRIMMED;
  #extent: LogExtent | undefined;
  /** How much was numbered when it was trimmed last: only what is numbered since then is worth another time. */
  #numberedAtTrim = Number.NEGATIVE_INFINITY;
  #restUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | null = null;
  #isUnable = false;
  #isTold = false;
  #running: Promise<void> | undefined;
  #released = false;

  /** Goes on where a former server has stopped: between mark and hole, for example. */
  constructor(options: LogCapOptions) {
    this.#options = options;
    this.#pass = options.pass ?? passUnwatched;
    this.#slackBytes = Math.min(MOST_SLACK_BYTES, Math.floor(options.maxBytes / SLACK_DIVISOR));
    this.#kept = readKeptMark(options.directory);
    if (this.#kept.seq > 1) this.#start(async () => this.#punch());
  }

  /** Why the log is not trimmed as it should be, in one sentence; `null` where it is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** How much more there is than the cap allows, and a trim will free; 0 where none will. */
  get excessBytes(): number {
    if (this.#extent === undefined || this.#problem !== null || this.#options.overflow === 'CANCEL') return 0;
    return Math.max(0, keptBytes(this.#extent, this.#kept) - this.#options.maxBytes);
  }

  /** To be called when the log has grown. Cheap. */
  check(extent: LogExtent): void {
    this.#extent = extent;
    if (this.#isBehind) this.#trimSoon();
    else if (!this.#isOver(extent)) return;
    else if (this.#options.overflow === 'CANCEL') this.#tellLimit();
    else if (Math.abs(numberedBytes(extent) - this.#numberedAtTrim) >= this.#slackBytes) this.#trimSoon();
  }

  /** Nothing follows: resolves when the log is within its cap, or cannot be. */
  async settle(extent: LogExtent): Promise<void> {
    await this.#running;
    this.#extent = extent;
    this.#restUntilMs = 0;
    if (this.#isBehind || (this.#options.overflow === 'TRIM' && this.#isOver(extent))) this.#trimSoon();
    await this.#running;
  }

  /** A trim that is under way comes to its end by itself, or at the next start of the server. */
  [Symbol.dispose](): void {
    this.#released = true;
    clearTimeout(this.#timer);
  }

  #isOver(extent: LogExtent): boolean {
    return keptBytes(extent, this.#kept) > this.#options.maxBytes;
  }

  /** Whether something is gone for readers, and not yet for the file system. */
  get #isBehind(): boolean {
    return this.#punched.seq < this.#kept.seq;
  }

  #tellLimit(): void {
    if (this.#isTold || this.#released) return;
    this.#isTold = true;
    this.#options.onLimit();
  }

  #trimSoon(): void {
    if (this.#isUnable || this.#running !== undefined || this.#released) return;
    clearTimeout(this.#timer);
    const restMs = this.#restUntilMs - performance.now();
    if (restMs <= 0) this.#start(async () => this.#trim());
    else this.#timer = setTimeout(this.#onRested, Math.ceil(restMs));
  }

  #start(work: () => Promise<void>): void {
    if (this.#released) return;
    const beganMs = performance.now();
    this.#running = work()
      .then(() => {
        const endedMs = performance.now();
        this.#restUntilMs = endedMs + Math.max(REST_MS, REST_FACTOR * (endedMs - beganMs));
      })
      .catch((error: unknown) => {
        this.#restUntilMs = performance.now() + RETRY_MS;
        this.#tellProblem(`The beginning of the log could not be given back: ${messageOf(error)}`);
      })
      .finally(() => {
        this.#running = undefined;
        if (!this.#released) this.#options.onTrimmed?.();
      });
  }

  readonly #onRested = (): void => {
    if (this.#extent !== undefined) this.check(this.#extent);
  };

  async #trim(): Promise<void> {
    const { directory, puncher } = this.#options;
    const problem = await puncher.problem();
    if (problem !== null) {
      this.#isUnable = true;
      this.#tellProblem(problem);
      return;
    }
    const mark = await this.#plan();
    if (mark.seq > this.#kept.seq) {
      await writeKeptMark(directory, mark);
      this.#kept = mark;
      this.#pass('LOG_MARKED');
    }
    await this.#punch();
    this.#problem = null;
  }

  async #plan(): Promise<KeptMark> {
    const extent = this.#extent;
    if (extent === undefined || !this.#isOver(extent)) return this.#kept;
    using index = LogIndexReader.open(this.#options.directory.indexPath, new LogFiles());
    if (index === undefined) return this.#kept;
    this.#numberedAtTrim = numberedBytes(extent);
    return await planTrim(index, this.#kept, extent, this.#options.maxBytes - this.#slackBytes);
  }

  async #punch(): Promise<void> {
    const { directory, puncher } = this.#options;
    const mark = this.#kept;
    const holes = holesBetween(directory, this.#punched, mark, this.#options.contextBytes);
    if (holes.length > 0) await puncher.punch(holes);
    this.#punched = mark;
    this.#pass('LOG_TRIMMED');
  }

  #tellProblem(problem: string): void {
    const isNew = problem !== this.#problem;
    this.#problem = problem;
    if (isNew && !this.#released) this.#options.onProblem(problem);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
