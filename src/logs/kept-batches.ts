import type { IndexRecord } from './index-record.ts';
import type { LogBatch } from './log-batch.ts';

/** How much is kept of all files together; what readers made of the batches comes on top, some three times as much. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Of small ones. */
const MAX_BATCHES = 1_024;

/** What a batch is kept by: no seq is ever given twice. */
export type KeptRecord = Pick<IndexRecord, 'firstSeq' | 'byteLength'>;

interface Kept {
  readonly path: string;
  readonly byteLength: number;
  readonly batch: Promise<LogBatch | undefined>;
}

/**
 * Batches that somebody has read from the files of logs, for others who are as far behind the head: read once, and shared as
 * at the head. Without it each of a hundred followers that a flood has left behind would read, decode and encode alone,
 * and so stay behind.
 *
 * Bounded; the one unused longest goes first.
 */
export class KeptBatches {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Being read, perhaps. */
  get(path: string, firstSeq: number): Promise<LogBatch | undefined> | undefined {
    const key = keyOf(path, firstSeq);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.batch;
  }

  /** @param batch being read; where that comes to nothing, the next one tries again */
  keep(path: string, { firstSeq, byteLength }: KeptRecord, batch: Promise<LogBatch | undefined>): void {
    const key = keyOf(path, firstSeq);
    this.#delete(key);
    const kept = { path, byteLength, batch };
    this.#kept.set(key, kept);
    this.#bytes += byteLength;
    const forgetIfMissing = (read?: LogBatch): void => {
      if (read === undefined && this.#kept.get(key) === kept) this.#delete(key);
    };
    batch.then(forgetIfMissing, () => {
      forgetIfMissing();
    });
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MAX_BYTES && this.#kept.size <= MAX_BATCHES) return;
      this.#delete(oldest);
    }
  }

  /** Another file may come in the place of this one. */
  forget(path: string): void {
    for (const [key, kept] of this.#kept) if (kept.path === path) this.#delete(key);
  }

  #delete(key: string): void {
    this.#bytes -= this.#kept.get(key)?.byteLength ?? 0;
    this.#kept.delete(key);
  }
}

function keyOf(path: string, firstSeq: number): string {
  return `${path}:${String(firstSeq)}`;
}
