import type { JobDirectory } from '../storage/job-directory.ts';
import {
  FIRST_SEQS,
  readSeqMark,
  writeSeqMark,
  writeSeqMarkSoon,
  type SeqMark,
  type StoredSeqMark,
} from '../storage/seq-mark.ts';

const MOST_SEQS = 4 * 1024 * 1024;
/** A block that lasts for less is followed by one of twice the size, and one that lasts for longer than this by one of half. */
const SHORT_MS = 1_000;
const LONG_MS = 60_000;
/** Milliseconds between two attempts while there is no need yet, after one that failed. */
const RETRY_MS = 1_000;

export interface SeqReserveOptions {
  readonly directory: JobDirectory;
  /** Whether a former server wrote the mark: it may not be on the disk yet. */
  readonly resumed: boolean;
  /** More may be given than before. Must not throw. */
  readonly onReserved: () => void;
  /** The mark could not be moved; it is tried again when it is asked for. Must not throw. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * The numbers that a log may give: those that a mark on the disk is above, so that after a loss of the machine none is given
 * for a second time.
 *
 * States: idle → moving the mark → idle. It is moved before what is reserved is used up, by blocks that grow with the speed at
 * which they are used: a quiet job never moves the one that it began with, and a flood moves it about once a second.
 */
export class SeqReserve {
  readonly #options: SeqReserveOptions;
  #mark: StoredSeqMark;
  /** What is known to be on the disk. */
  #durableSeq: number;
  #block = FIRST_SEQS;
  #movedAtMs = performance.now();
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #isMoving = false;
  #isReleased = false;

  constructor(options: SeqReserveOptions) {
    this.#options = options;
    this.#mark = readSeqMark(options.directory);
    this.#durableSeq = options.resumed ? 0 : this.#mark.reservedSeq;
  }

  /** As it is on file. */
  get mark(): SeqMark {
    return this.#mark;
  }

  /**
   * Up to where numbers may be given now. Where that is not far beyond what is wanted, the mark is moved meanwhile.
   * @param givenSeq the highest in the index
   */
  upTo(wantedSeq: number, givenSeq: number): number {
    if (wantedSeq + this.#block / 2 > this.#durableSeq) this.#move(wantedSeq, givenSeq);
    return this.#durableSeq;
  }

  /** No more is given: a machine that is shut down in order loses no number. Idempotent. */
  release(givenSeq: number): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (givenSeq >= this.#mark.reservedSeq && !this.#isMoving) return;
    // Above one that is still being written.
    const generation = this.#mark.generation + (this.#isMoving ? 2 : 1);
    writeSeqMarkSoon(this.#options.directory, { generation, reservedSeq: givenSeq, givenSeq });
  }

  #move(wantedSeq: number, givenSeq: number): void {
    const nowMs = performance.now();
    if (this.#isMoving || this.#isReleased) return;
    if (wantedSeq <= this.#durableSeq && nowMs < this.#retryAtMs) return;
    const lastedMs = nowMs - this.#movedAtMs;
    if (lastedMs < SHORT_MS) this.#block = Math.min(MOST_SEQS, this.#block * 2);
    else if (lastedMs > LONG_MS) this.#block = Math.max(FIRST_SEQS, this.#block / 2);
    const mark = {
      generation: this.#mark.generation + 1,
      reservedSeq: Math.max(wantedSeq, this.#mark.reservedSeq) + this.#block,
      givenSeq,
    };
    this.#isMoving = true;
    writeSeqMark(this.#options.directory, mark).then(
      () => {
        this.#isMoving = false;
        this.#movedAtMs = nowMs;
        this.#mark = mark;
        this.#durableSeq = mark.reservedSeq;
        if (!this.#isReleased) this.#options.onReserved();
      },
      (error: unknown) => {
        this.#isMoving = false;
        this.#retryAtMs = performance.now() + RETRY_MS;
        if (!this.#isReleased) this.#options.onFailed(error);
      },
    );
  }
}
