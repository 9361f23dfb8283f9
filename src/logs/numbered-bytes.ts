import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { LogStream } from '../domain/log-line.ts';
import { decodeRecord, INDEX_RECORD_BYTES } from './index-record.ts';

/** How much of a job's log is numbered: what can be copied while it grows, and read as a whole. */
export interface NumberedBytes {
  /** Of the index file. */
  readonly index: number;
  /** Of the file of each stream. */
  readonly streams: Readonly<Record<LogStream, number>>;
}

/** Looks once. Nothing is numbered where there is no index, or none that can be read. */
export function numberedBytes(indexPath: string): NumberedBytes {
  let descriptor: number;
  try {
    descriptor = openSync(indexPath, 'r');
  } catch {
    return { index: 0, streams: { STDOUT: 0, STDERR: 0 } };
  }
  try {
    const size = fstatSync(descriptor).size;
    const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
    // The header has the place of a record; one that is torn is not the last.
    for (let at = size - (size % INDEX_RECORD_BYTES); at > INDEX_RECORD_BYTES; at -= INDEX_RECORD_BYTES) {
      readSync(descriptor, bytes, 0, INDEX_RECORD_BYTES, at - INDEX_RECORD_BYTES);
      const record = decodeRecord(bytes);
      if (record === undefined) continue;
      const own = record.offset + record.byteLength;
      const other = record.otherEndOffset;
      const streams =
        record.stream === 'STDOUT' ? { STDOUT: own, STDERR: other } : { STDOUT: other, STDERR: own };
      return { index: at, streams };
    }
    return { index: Math.min(size, INDEX_RECORD_BYTES), streams: { STDOUT: 0, STDERR: 0 } };
  } finally {
    closeSync(descriptor);
  }
}
