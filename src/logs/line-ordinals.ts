import type { LogStream } from '../domain/log-line.ts';
import { lastSeqOf, totalsOf, type IndexRecord } from './index-record.ts';
import type { LogIndexReader } from './log-index-reader.ts';

/**
 * Counts and finds lines of some streams by the running totals in the index, in a few probes however long the log is.
 * An ordinal is the place of a line among those of the streams: 1, 2, 3 …
 */
export class LineOrdinals {
  readonly #index: LogIndexReader;
  readonly #streams: readonly LogStream[];

  constructor(index: LogIndexReader, streams: readonly LogStream[]) {
    this.#index = index;
    this.#streams = streams;
  }

  /** All lines of the streams. */
  async total(): Promise<number> {
    const last = await this.#index.last();
    return last === undefined ? 0 : this.#linesUpToEnd(last);
  }

  /** The lines of the streams with a seq of at most `seq`. */
  async countUpTo(seq: number): Promise<number> {
    const place = await this.#index.firstWhere((record) => lastSeqOf(record) > seq);
    if (place === undefined) return await this.total();
    const { record } = place.found;
    const own = this.#streams.includes(record.stream) ? record.lineCount : 0;
    const countedOfOwn = own === 0 ? 0 : Math.max(0, seq - record.firstSeq + 1);
    return this.#linesUpToEnd(record) - own + countedOfOwn;
  }

  /** The seq of the line with the ordinal; the highest seq where there are not so many. */
  async seqOf(ordinal: number): Promise<number> {
    const place = await this.#index.firstWhere((record) => this.#linesUpToEnd(record) >= ordinal);
    if (place === undefined) return totalsOf(await this.#index.last()).lastSeq;
    const { record } = place.found;
    return lastSeqOf(record) - (this.#linesUpToEnd(record) - ordinal);
  }

  #linesUpToEnd(record: IndexRecord): number {
    const stdout = this.#streams.includes('STDOUT') ? record.stdoutLines : 0;
    const stderr = this.#streams.includes('STDERR') ? record.stderrLines : 0;
    return stdout + stderr;
  }
}
