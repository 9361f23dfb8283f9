/** Keeps a job's output from being written. A port. */
export interface OutputBrake {
  /** @returns whether that could be done */
  hold(): boolean;
  release(): void;
}

/** The most that may wait to be read. */
const MOST_BACKLOG_BYTES = 64 * 1024 * 1024;
/** And of a small cap the part. */
const CAP_DIVISOR = 4;
/** How long after it was held a job counts as one that floods. */
const FLOOD_MS = 1_000;
/** How much less it must be before the job goes on, so that it is seldom stopped. */
const LOW_DIVISOR = 2;

/**
 * Holds a job back whose output comes faster than it is read, until the tailer has caught up: its program waits in its next
 * write, as for any slow reader of a pipe.
 *
 * States: free → held (the backlog has passed the bound) → free (it is half of it). Disposed: free for good.
 * Known gap: what is written between two looks comes on top of the bound.
 */
export class BacklogBound implements Disposable {
  readonly #brake: OutputBrake;
  readonly #highBytes: number;
  #isHeld = false;
  #heldAtMs = Number.NEGATIVE_INFINITY;
  #released = false;

  /** @param maxLogBytes the cap of the log; the bound is a quarter of it, and at most 64 MiB */
  constructor(brake: OutputBrake, maxLogBytes: number) {
    this.#brake = brake;
    this.#highBytes = Math.min(MOST_BACKLOG_BYTES, Math.floor(maxLogBytes / CAP_DIVISOR));
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether it was held a moment ago: what it writes is to be looked at often. */
  get isFlooding(): boolean {
    return this.#isHeld || performance.now() - this.#heldAtMs < FLOOD_MS;
  }

  /** @param waitingBytes what is written and not numbered, or numbered and to be trimmed: the larger of both */
  check(waitingBytes: number): void {
    if (this.#released) return;
    if (!this.#isHeld && waitingBytes > this.#highBytes) this.#hold();
    else if (this.#isHeld && waitingBytes <= this.#highBytes / LOW_DIVISOR) this.letGo();
  }

  /** Lets the output go on, until the next check. */
  letGo(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#brake.release();
  }

  #hold(): void {
    this.#isHeld = this.#brake.hold();
    if (this.#isHeld) this.#heldAtMs = performance.now();
  }

  [Symbol.dispose](): void {
    this.#released = true;
    this.letGo();
  }
}
