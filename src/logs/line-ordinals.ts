import type { LogStream } from '../domain/log-line.ts';
import { lastSeqOf, totalsOf, type IndexRecord } from './index-record.ts';
import type { KeptMark } from './kept-mark.ts';
import type { LogIndexReader } from './log-index-reader.ts';

/**
 * Counts and finds lines of some streams by the running totals in the index, in a few probes however long the log is.
 * An ordinal is the place of a line among those of the streams: 1, 2, 3 …
 */
export class LineOrdinals {
  readonly #index: LogIndexReader;
  readonly #streams: readonly LogStream[];
  readonly #kept: KeptMark;

  constructor(index: LogIndexReader, streams: readonly LogStream[], kept: KeptMark) {
    this.#index = index;
    this.#streams = streams;
    this.#kept = kept;
  }

  /** All lines of the streams. */
  async total(): Promise<number> {
    const last = await this.#index.last();
    return last === undefined ? 0 : this.#linesUpToEnd(last);
  }

  /** The lines of the streams that were trimmed. */
  async trimmed(): Promise<number> {
    return this.#kept.seq === 1 ? 0 : await this.countUpTo(this.#kept.seq - 1);
  }

  /** The lines of the streams with a seq of at most `seq`; where that was trimmed, all that were. */
  async countUpTo(seq: number): Promise<number> {
    const place = await this.#firstWhere((record) => lastSeqOf(record) > seq);
    if (place === undefined) return await this.total();
    const { record } = place.found;
    const own = this.#linesIn(record);
    const countedOfOwn = own === 0 ? 0 : Math.max(0, seq - record.firstSeq + 1);
    return this.#linesUpToEnd(record) - own + countedOfOwn;
  }

  /**
   * The seq of the line with the ordinal; the highest seq where there are not so many. Of one that was trimmed it is a guess,
   * unless all streams are meant: as far before the first kept line as it was among those of the streams.
   */
  async seqOf(ordinal: number): Promise<number> {
    const place = await this.#firstWhere((record) => this.#linesUpToEnd(record) >= ordinal);
    if (place === undefined) return totalsOf(await this.#index.last()).lastSeq;
    const { record } = place.found;
    const before = this.#linesUpToEnd(record) - this.#linesIn(record);
    if (ordinal <= before) return record.firstSeq - 1 - (before - ordinal);
    return lastSeqOf(record) - (this.#linesUpToEnd(record) - ordinal);
  }

  #firstWhere(condition: (record: IndexRecord) => boolean): ReturnType<LogIndexReader['firstWhere']> {
    return this.#index.firstWhere(condition, this.#kept.position);
  }

  #linesIn(record: IndexRecord): number {
    return this.#streams.includes(record.stream) ? record.lineCount : 0;
  }

  #linesUpToEnd(record: IndexRecord): number {
    const stdout = this.#streams.includes('STDOUT') ? record.stdoutLines : 0;
    const stderr = this.#streams.includes('STDERR') ? record.stderrLines : 0;
    return stdout + stderr;
  }
}
