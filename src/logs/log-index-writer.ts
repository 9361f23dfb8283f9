import { closeSync, constants, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import type { JobId } from '../domain/job-id.ts';
import { LogIndexRefusedError } from './errors.ts';
import {
  decodeHeader,
  decodeRecord,
  encodeHeader,
  encodeRecord,
  INDEX_RECORD_BYTES,
  isOwnFormat,
  type IndexRecord,
} from './index-record.ts';
import { openRegularFile } from './log-file.ts';
import { closingRecord, isWhole, type StreamSizes } from './machine-loss.ts';

const RECORDS_AT_ONCE = 1_024;

/**
 * The one writer of a job's index. Opening recovers: a torn or damaged tail is cut off behind the last valid record.
 * Records before that are never touched again, so that a seq once given stays given.
 */
export class LogIndexWriter implements Disposable {
  readonly #descriptor: number;
  readonly #jobId: JobId;
  #last: IndexRecord | undefined;
  #recordCount = 0;
  #needsHeader: boolean;
  #released = false;

  /** @throws LogFileRefusedError, LogIndexRefusedError; errors of the file system */
  constructor(path: string, jobId: JobId) {
    this.#jobId = jobId;
    this.#descriptor = openRegularFile(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const header = decodeHeader(this.#read(0, INDEX_RECORD_BYTES));
      if (header !== undefined && !isOwnFormat(header)) {
        throw new LogIndexRefusedError(path, 'another version of Lifeline wrote it');
      }
      if (header !== undefined && header.jobId !== jobId) {
        throw new LogIndexRefusedError(path, `it belongs to job ${header.jobId}`);
      }
      // Written with the first record: a full disk must not keep a tailer from being made.
      this.#needsHeader = header === undefined;
      this.#cutTo(() => true);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /** Where the log stands; `undefined` for an empty one. */
  get last(): IndexRecord | undefined {
    return this.#last;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /**
   * After a loss of the machine: cuts off what is not whole, and closes the numbers up to `reservedSeq`. Changes nothing where it was done
   * before.
   * @param leastPosition where the log is kept from: no record is put before that, where readers would not look for it
   * @throws errors of the file system
   */
  closeAfterLoss(sizes: StreamSizes, reservedSeq: number, leastPosition: number, atMs: number): void {
    this.#last = undefined;
    this.#cutTo((record) => isWhole(record, sizes));
    const closing = closingRecord(this.#last, reservedSeq, atMs);
    if (closing === undefined) return;
    this.#recordCount = Math.max(this.#recordCount, leastPosition);
    this.append([closing]);
  }

  /**
   * Appends records, in order.
   * @returns how many are written for good: not all, where the disk became full on the way. Those are never taken back,
   *   since readers may have seen them.
   * @throws the error of the file system where none could be written; nothing has changed then.
   */
  append(records: readonly IndexRecord[]): number {
    if (this.#needsHeader) {
      this.#write(encodeHeader(this.#jobId), 0);
      this.#needsHeader = false;
    }
    const bytes = Buffer.allocUnsafe(records.length * INDEX_RECORD_BYTES);
    records.forEach((record, index) => {
      encodeRecord(record, bytes, index * INDEX_RECORD_BYTES);
    });
    const appended = this.#write(bytes, (this.#recordCount + 1) * INDEX_RECORD_BYTES);
    this.#recordCount += appended;
    this.#last = records[appended - 1] ?? this.#last;
    return appended;
  }

  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    closeSync(this.#descriptor);
  }

  /** Cuts off what is behind the last valid record that is accepted, torn or damaged. */
  #cutTo(accepts: (record: IndexRecord) => boolean): void {
    const { size } = fstatSync(this.#descriptor);
    let count = Math.max(0, Math.floor(size / INDEX_RECORD_BYTES) - 1);
    while (count > 0 && this.#last === undefined) {
      const from = Math.max(0, count - RECORDS_AT_ONCE);
      const bytes = this.#read((from + 1) * INDEX_RECORD_BYTES, (count - from) * INDEX_RECORD_BYTES);
      while (count > from && this.#last === undefined) {
        const record = decodeRecord(bytes, (count - 1 - from) * INDEX_RECORD_BYTES);
        if (record !== undefined && accepts(record)) this.#last = record;
        else count--;
      }
    }
    this.#recordCount = count;
    const end = (count + 1) * INDEX_RECORD_BYTES;
    if (size > end) ftruncateSync(this.#descriptor, end);
  }

  /** @returns how many whole records are written; at least one, or it throws. */
  #write(bytes: Buffer, position: number): number {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position + written);
      }
    } catch (error) {
      if (written < INDEX_RECORD_BYTES) throw error;
    }
    return Math.floor(written / INDEX_RECORD_BYTES);
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, length, position));
  }
}
