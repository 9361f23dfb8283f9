import { decodeRecord, INDEX_RECORD_BYTES, type IndexRecord } from './index-record.ts';
import type { LogFileLease, LogFiles } from './log-files.ts';

/** A record and its number in the index, from 0. */
export interface PlacedRecord {
  readonly position: number;
  readonly record: IndexRecord;
}

const RECORDS_AT_ONCE = 1_024;

/**
 * Reads a job's index, also while it grows. A record whose checksum fails is never trusted: it is `undefined`. At the end
 * of the index that is one being written.
 */
export class LogIndexReader implements Disposable {
  readonly #file: LogFileLease;

  private constructor(file: LogFileLease) {
    this.#file = file;
  }

  /** The caller owns the reader. `undefined` where there is no index. @throws LogFileRefusedError */
  static open(path: string, files: LogFiles): LogIndexReader | undefined {
    const file = files.open(path);
    return file === undefined ? undefined : new LogIndexReader(file);
  }

  /** Whole records, valid or not. */
  get count(): number {
    return Math.max(0, Math.floor(this.#file.size() / INDEX_RECORD_BYTES) - 1);
  }

  /** At most 1,024 records from a position on; fewer at the end. */
  async records(from: number, limit = RECORDS_AT_ONCE): Promise<(IndexRecord | undefined)[]> {
    const wanted = Math.min(limit, RECORDS_AT_ONCE, this.count - from);
    if (wanted <= 0) return [];
    const bytes = await this.#file.read((from + 1) * INDEX_RECORD_BYTES, wanted * INDEX_RECORD_BYTES);
    const whole = Math.floor(bytes.length / INDEX_RECORD_BYTES);
    return Array.from({ length: whole }, (_, index) => decodeRecord(bytes, index * INDEX_RECORD_BYTES));
  }

  /** The last valid record. */
  async last(): Promise<IndexRecord | undefined> {
    return (await this.lastPlaced())?.record;
  }

  /** The last valid record and its position, of one look: the index may grow meanwhile. */
  async lastPlaced(): Promise<PlacedRecord | undefined> {
    let end = this.count;
    // The last one is nearly always valid: one small read.
    for (let limit = 1; end > 0; limit = RECORDS_AT_ONCE) {
      const from = Math.max(0, end - limit);
      const records = await this.records(from, end - from);
      const index = records.findLastIndex((record) => record !== undefined);
      const record = records[index];
      if (record !== undefined) return { position: from + index, record };
      end = from;
    }
    return undefined;
  }

  /**
   * The first valid record that fulfils the condition, and the position from which to read in order to meet what is damaged
   * right before it, too. `undefined` where none does.
   * @param condition Once true, true for all later records.
   * @param from Where to begin: what is before that is not looked at.
   */
  async firstWhere(
    condition: (record: IndexRecord, position: number) => boolean,
    from = 0,
  ): Promise<{ readonly from: number; readonly found: PlacedRecord } | undefined> {
    let low = from;
    let high = this.count;
    let found: PlacedRecord | undefined;
    // Invariant: what is valid before `low` does not fulfil it; `found`, if any, is the first valid one from `high` on.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const probe = await this.#firstValid(middle, high);
      if (probe === undefined) {
        high = middle;
      } else if (condition(probe.record, probe.position)) {
        found = probe;
        high = middle;
      } else {
        low = probe.position + 1;
      }
    }
    return found === undefined ? undefined : { from: low, found };
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  async #firstValid(from: number, to: number): Promise<PlacedRecord | undefined> {
    let limit = 1;
    for (let position = from; position < to; limit = RECORDS_AT_ONCE) {
      const records = await this.records(position, Math.min(limit, to - position));
      if (records.length === 0) return undefined;
      for (const [index, record] of records.entries()) {
        if (record !== undefined) return { position: position + index, record };
      }
      position += records.length;
    }
    return undefined;
  }
}
