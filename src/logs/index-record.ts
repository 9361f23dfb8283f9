import { crc32 } from 'node:zlib';
import type { JobId } from '../domain/job-id.ts';
import type { LogStream } from '../domain/log-line.ts';
import type { LogTotals } from './log-totals.ts';

// The index of a job's log: a header and one record a batch, 64 bytes each, little endian. Fixed size, so that any record
// is found by arithmetic and a torn one is known by its place; each carries the running totals, so that the last one
// alone says where to go on.
//
//  0 firstSeq u64 · 8 offset u64 · 16 atMs u64 · 24 end offset of the other stream so far u64
// 32 stdout lines so far u64 · 40 stderr lines so far u64 (both with this batch)
// 48 lineCount u32 · 52 byteLength u32 · 56 stream u8 · 57 flags u8 · 58 format u16 · 60 crc32 of bytes 0 to 59

export const INDEX_RECORD_BYTES = 64;
const FORMAT = 1;
const CRC_AT = 60;
const MAGIC = 'LIFELOG1';
const TWO_TO_32 = 2 ** 32;

const FLAG_CONTINUED = 1;
const FLAG_END_OF_STREAM = 2;
const FLAG_AT_APPROXIMATE = 4;
/** The last line of the other stream has no newline so far. */
const FLAG_OTHER_UNTERMINATED = 8;

/** One batch as the index has it. All numbers are exact to 2^53. */
export interface IndexRecord {
  readonly firstSeq: number;
  readonly lineCount: number;
  readonly stream: LogStream;
  /** Where its bytes begin in the file of the stream. */
  readonly offset: number;
  readonly byteLength: number;
  readonly atMs: number;
  readonly atApproximate: boolean;
  readonly ending: 'NEWLINE' | 'CONTINUED' | 'END_OF_STREAM';
  /** Where the numbered lines of the other stream end in its file. */
  readonly otherEndOffset: number;
  readonly otherUnterminated: boolean;
  /** Lines of each stream so far, this batch included. */
  readonly stdoutLines: number;
  readonly stderrLines: number;
}

/** The seq of the record's last line. */
export function lastSeqOf(record: IndexRecord): number {
  return record.firstSeq + record.lineCount - 1;
}

/** Writes the record at `position` of `target`. */
export function encodeRecord(record: IndexRecord, target: Buffer, position: number): void {
  const bytes = target.subarray(position, position + INDEX_RECORD_BYTES);
  writeU64(bytes, record.firstSeq, 0);
  writeU64(bytes, record.offset, 8);
  writeU64(bytes, record.atMs, 16);
  writeU64(bytes, record.otherEndOffset, 24);
  writeU64(bytes, record.stdoutLines, 32);
  writeU64(bytes, record.stderrLines, 40);
  bytes.writeUInt32LE(record.lineCount, 48);
  bytes.writeUInt32LE(record.byteLength, 52);
  bytes.writeUInt8(record.stream === 'STDOUT' ? 0 : 1, 56);
  bytes.writeUInt8(flagsOf(record), 57);
  bytes.writeUInt16LE(FORMAT, 58);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
}

/** Reads the record at `position`; `undefined` where it is torn or damaged, which its checksum tells. */
export function decodeRecord(source: Buffer, position = 0): IndexRecord | undefined {
  const bytes = source.subarray(position, position + INDEX_RECORD_BYTES);
  if (bytes.length < INDEX_RECORD_BYTES || bytes.readUInt16LE(58) !== FORMAT) return undefined;
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) return undefined;
  const flags = bytes.readUInt8(57);
  return {
    firstSeq: readU64(bytes, 0),
    offset: readU64(bytes, 8),
    atMs: readU64(bytes, 16),
    otherEndOffset: readU64(bytes, 24),
    stdoutLines: readU64(bytes, 32),
    stderrLines: readU64(bytes, 40),
    lineCount: bytes.readUInt32LE(48),
    byteLength: bytes.readUInt32LE(52),
    stream: bytes.readUInt8(56) === 0 ? 'STDOUT' : 'STDERR',
    ending:
      (flags & FLAG_CONTINUED) !== 0
        ? 'CONTINUED'
        : (flags & FLAG_END_OF_STREAM) !== 0
          ? 'END_OF_STREAM'
          : 'NEWLINE',
    atApproximate: (flags & FLAG_AT_APPROXIMATE) !== 0,
    otherUnterminated: (flags & FLAG_OTHER_UNTERMINATED) !== 0,
  };
}

/** The first 64 bytes of an index: magic, job id, checksum at the end. */
export function encodeHeader(jobId: JobId): Buffer {
  const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
  bytes.write(MAGIC, 'latin1');
  writeU64(bytes, jobId, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

/** What an index says of itself; `undefined` where its header is torn or damaged. */
export function decodeHeader(bytes: Buffer): { readonly magic: string; readonly jobId: JobId } | undefined {
  if (bytes.length < INDEX_RECORD_BYTES || bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) {
    return undefined;
  }
  return { magic: bytes.toString('latin1', 0, MAGIC.length), jobId: readU64(bytes, 8) };
}

/** Whether this version can go on with an index that has the header. */
export function isOwnFormat(header: { readonly magic: string }): boolean {
  return header.magic === MAGIC;
}

/** What the last record of a log says of the whole; of none, that the log is empty. */
export function totalsOf(last: IndexRecord | undefined): LogTotals {
  if (last === undefined) {
    return {
      lastSeq: 0,
      stdoutLines: 0,
      stderrLines: 0,
      stdoutBytes: 0,
      stderrBytes: 0,
      endedWithoutNewline: [],
    };
  }
  const ownEndOffset = last.offset + last.byteLength;
  const ownUnterminated = last.ending !== 'NEWLINE';
  const isStdout = last.stream === 'STDOUT';
  const endedWithoutNewline: LogStream[] = [];
  if (isStdout ? ownUnterminated : last.otherUnterminated) endedWithoutNewline.push('STDOUT');
  if (isStdout ? last.otherUnterminated : ownUnterminated) endedWithoutNewline.push('STDERR');
  return {
    lastSeq: lastSeqOf(last),
    stdoutLines: last.stdoutLines,
    stderrLines: last.stderrLines,
    stdoutBytes: isStdout ? ownEndOffset : last.otherEndOffset,
    stderrBytes: isStdout ? last.otherEndOffset : ownEndOffset,
    endedWithoutNewline,
  };
}

function flagsOf(record: IndexRecord): number {
  let flags = 0;
  if (record.ending === 'CONTINUED') flags |= FLAG_CONTINUED;
  if (record.ending === 'END_OF_STREAM') flags |= FLAG_END_OF_STREAM;
  if (record.atApproximate) flags |= FLAG_AT_APPROXIMATE;
  if (record.otherUnterminated) flags |= FLAG_OTHER_UNTERMINATED;
  return flags;
}

function writeU64(bytes: Buffer, value: number, position: number): void {
  bytes.writeUInt32LE(value % TWO_TO_32, position);
  bytes.writeUInt32LE(Math.floor(value / TWO_TO_32), position + 4);
}

function readU64(bytes: Buffer, position: number): number {
  return bytes.readUInt32LE(position) + bytes.readUInt32LE(position + 4) * TWO_TO_32;
}
