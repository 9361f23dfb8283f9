import { LOG_STREAMS, type LogStream } from '../domain/log-line.ts';
import { lastSeqOf, type IndexRecord } from './index-record.ts';
import type { LogGap } from './log-item.ts';

/** How much to read at once. Whole batches: the first one always comes, however large. */
export interface ReadLimits {
  /** 256 KiB by default. */
  readonly maxBytes?: number;
  /** No limit by default. */
  readonly maxLines?: number;
  /** No batch that begins behind this seq. */
  readonly upToSeq?: number;
  /** Only batches of these streams; all by default. */
  readonly streams?: readonly LogStream[] | undefined;
}

/** A record whose batch is wanted, or lines that no record has. */
export type SelectedPart = { readonly record: IndexRecord } | { readonly gap: LogGap };

const DEFAULT_MAX_BYTES = 256 * 1024;

/** Takes records in order until its limits are reached, and notices where the numbers jump. */
export class RecordSelection {
  readonly parts: SelectedPart[] = [];
  readonly #streams: readonly LogStream[];
  readonly #limits: Record<'maxBytes' | 'maxLines' | 'upToSeq', number>;
  #lastSeq: number;
  #byteCount = 0;
  #lineCount = 0;

  /** @param seq Where it begins: behind this line. */
  constructor(seq: number, limits: ReadLimits) {
    this.#lastSeq = seq;
    this.#limits = {
      maxBytes: limits.maxBytes ?? DEFAULT_MAX_BYTES,
      maxLines: limits.maxLines ?? Infinity,
      upToSeq: limits.upToSeq ?? Infinity,
    };
    this.#streams = limits.streams ?? LOG_STREAMS;
  }

  /** The highest seq passed. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** @returns false where the record is beyond the limits: the selection is complete without it. */
  take(record: IndexRecord): boolean {
    const isWanted = this.#streams.includes(record.stream);
    if (isWanted && !this.#hasRoomFor(record)) return false;
    this.#noticeGapBefore(record.firstSeq);
    if (record.firstSeq > this.#limits.upToSeq) return false;
    // One without lines only says where the numbers go on.
    if (isWanted && record.lineCount > 0) {
      this.#byteCount += record.byteLength;
      this.#lineCount += record.lineCount;
      this.parts.push({ record });
    }
    this.#lastSeq = lastSeqOf(record);
    return true;
  }

  /** The lines between the last one passed and this one are in no record. */
  #noticeGapBefore(seq: number): void {
    const fromSeq = this.#lastSeq + 1;
    const toSeq = Math.min(seq - 1, this.#limits.upToSeq);
    if (fromSeq > toSeq) return;
    this.parts.push({ gap: { fromSeq, toSeq, reason: 'DAMAGED' } });
    this.#lastSeq = toSeq;
  }

  #hasRoomFor(record: IndexRecord): boolean {
    if (this.#lineCount === 0) return true;
    const { maxBytes, maxLines } = this.#limits;
    return this.#byteCount + record.byteLength <= maxBytes && this.#lineCount + record.lineCount <= maxLines;
  }
}
