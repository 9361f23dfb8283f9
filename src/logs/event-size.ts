import type { LogBatch } from './log-batch.ts';

/** The most lines in one event, and the most in a batch. */
const MAX_EVENT_LINES = 1_000;
/** The most bytes in one event, and the most in a batch. */
const MAX_EVENT_BYTES = 256 * 1024;
/** 31 lines or 8 KiB: some 13 kB as JSON. */
const FIRST_SHARE = 1 / 32;

/**
 * How large the events of one follower are: small at first, twice as large each time, then as large as a batch.
 *
 * Why: a cursor moves by whole events. On a connection that is always cut before the first one is through, a reader would
 * get the same part of it again and again. Known gap: a single line is never divided, and may have 64 KiB.
 */
export class EventSize {
  #share = FIRST_SHARE;

  get limits(): { readonly maxLines: number; readonly maxBytes: number } {
    return {
      maxLines: Math.floor(MAX_EVENT_LINES * this.#share),
      maxBytes: Math.floor(MAX_EVENT_BYTES * this.#share),
    };
  }

  /** The beginning of consecutive batches, of one stream or several, that fits into the next event: at least a line. */
  fitting(batches: readonly LogBatch[]): LogBatch[] {
    const { maxLines, maxBytes } = this.limits;
    const fitting: LogBatch[] = [];
    let lineCount = 0;
    let byteCount = 0;
    for (const batch of batches) {
      lineCount += batch.lineCount;
      byteCount += batch.byteLength;
      if (lineCount > maxLines || byteCount > maxBytes) {
        if (fitting.length === 0) fitting.push(batch.head(maxLines, maxBytes));
        break;
      }
      fitting.push(batch);
    }
    return fitting;
  }

  /** An event was sent: the next one may be larger. */
  grow(): void {
    this.#share = Math.min(1, 2 * this.#share);
  }
}
