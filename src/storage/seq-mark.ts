import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory } from './durable-file.ts';
import type { JobDirectory } from './job-directory.ts';

// The mark of a job: two slots of one file, written in turn and in place, so that neither a write that is torn nor a full
// disk costs the one before it. Little endian:
//  0 magic · 8 generation u64 · 16 reservedSeq u64 · 24 givenSeq u64 · 60 crc32 of bytes 0 to 59

const MAGIC = 'LIFESEQ1';
const SLOT_BYTES = 64;
const CRC_AT = 60;
/** Each slot in a sector of its own. */
const SLOT_DISTANCE = 512;
const FILE_BYTES = 2 * SLOT_DISTANCE;

/** So many lines of a new job have their numbers reserved before it starts. */
export const FIRST_SEQS = 1_024;

/** How far the numbers of a log may have gone. Never behind them, on the disk too. */
export interface SeqMark {
  /** No line above this was ever shown. */
  readonly reservedSeq: number;
  /** The lines up to this were in the index when the mark was written. */
  readonly givenSeq: number;
}

/** A mark as it is on file; of two, the one of the higher generation counts. */
export interface StoredSeqMark extends SeqMark {
  readonly generation: number;
}

/** Of a job that has none: nothing is reserved. */
const NO_SEQ_MARK: StoredSeqMark = { generation: 0, reservedSeq: 0, givenSeq: 0 };

/** Writes the mark of a new job; the caller brings it to the disk. */
export function createSeqMark({ seqMarkPath }: JobDirectory): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const descriptor = openSync(seqMarkPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeSync(descriptor, wholeFile({ generation: 1, reservedSeq: FIRST_SEQS, givenSeq: 0 }));
  } finally {
    closeSync(descriptor);
  }
}

/** The mark of a job; `NO_SEQ_MARK` where there is none, or none that can be read. */
export function readSeqMark({ seqMarkPath }: JobDirectory): StoredSeqMark {
  let descriptor: number;
  try {
    descriptor = openSync(seqMarkPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return NO_SEQ_MARK;
  }
  try {
    const bytes = Buffer.alloc(FILE_BYTES);
    if (fstatSync(descriptor).isFile()) readSync(descriptor, bytes, 0, FILE_BYTES, 0);
    return decodeSeqMark(bytes);
  } finally {
    closeSync(descriptor);
  }
}

/** Resolves when the mark is on the disk, with its name. @throws errors of the file system: the former one holds then */
export async function writeSeqMark({ seqMarkPath }: JobDirectory, mark: StoredSeqMark): Promise<void> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const file = await open(seqMarkPath, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  let isNew: boolean;
  try {
    isNew = (await file.stat()).size === 0;
    if (isNew) await file.write(wholeFile(mark), 0, FILE_BYTES, 0);
    else await file.write(encodeSlot(mark), 0, SLOT_BYTES, placeOf(mark));
    await file.datasync();
  } finally {
    await file.close();
  }
  if (isNew) await syncDirectory(dirname(seqMarkPath));
}

/** Writes the mark where the job has one, and leaves it to the kernel when. What fails leaves the former one. */
export function writeSeqMarkSoon({ seqMarkPath }: JobDirectory, mark: StoredSeqMark): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(seqMarkPath, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    writeSync(descriptor, encodeSlot(mark), 0, SLOT_BYTES, placeOf(mark));
  } catch {
    // The former mark is at least as high.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** What a file says; `NO_SEQ_MARK` where neither of its slots is whole. */
export function decodeSeqMark(bytes: Buffer): StoredSeqMark {
  const slots = [0, SLOT_DISTANCE].flatMap((at) => decodeSlot(bytes.subarray(at, at + SLOT_BYTES)) ?? []);
  return slots.reduce((newest, slot) => (slot.generation > newest.generation ? slot : newest), NO_SEQ_MARK);
}

function wholeFile(mark: StoredSeqMark): Buffer {
  const bytes = Buffer.alloc(FILE_BYTES);
  encodeSlot(mark).copy(bytes, placeOf(mark));
  return bytes;
}

function placeOf({ generation }: StoredSeqMark): number {
  return (generation % 2) * SLOT_DISTANCE;
}

function encodeSlot({ generation, reservedSeq, givenSeq }: StoredSeqMark): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  bytes.write(MAGIC, 'latin1');
  bytes.writeBigUInt64LE(BigInt(generation), 8);
  bytes.writeBigUInt64LE(BigInt(reservedSeq), 16);
  bytes.writeBigUInt64LE(BigInt(givenSeq), 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

function decodeSlot(bytes: Buffer): StoredSeqMark | undefined {
  if (bytes.length < SLOT_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) return undefined;
  return {
    generation: Number(bytes.readBigUInt64LE(8)),
    reservedSeq: Number(bytes.readBigUInt64LE(16)),
    givenSeq: Number(bytes.readBigUInt64LE(24)),
  };
}
