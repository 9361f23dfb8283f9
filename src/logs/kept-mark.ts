import { closeSync, constants, readSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { LogStream } from '../domain/log-line.ts';
import { writeDurably } from '../storage/durable-file.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type { IndexRecord } from './index-record.ts';
import { openRegularFile } from './log-file.ts';

/** From where on a log is kept. Always at the beginning of a batch. */
export interface KeptMark {
  /** Of the first line that is kept. */
  readonly seq: number;
  /** Number of its record in the index, from 0. */
  readonly position: number;
  /** Of the first kept byte in the file of the stream. */
  readonly stdoutOffset: number;
  readonly stderrOffset: number;
}

export const NOTHING_TRIMMED: KeptMark = { seq: 1, position: 0, stdoutOffset: 0, stderrOffset: 0 };

const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const MOST_BYTES = 512;
const offset = z.int().nonnegative();
const keptMark = z.object({
  seq: z.int().positive(),
  position: offset,
  stdoutOffset: offset,
  stderrOffset: offset,
}) satisfies z.ZodType<KeptMark>;

/** The mark of a log whose first kept batch is that of the record. */
export function markAt(record: IndexRecord, position: number): KeptMark {
  const isStdout = record.stream === 'STDOUT';
  return {
    seq: record.firstSeq,
    position,
    stdoutOffset: isStdout ? record.offset : record.otherEndOffset,
    stderrOffset: isStdout ? record.otherEndOffset : record.offset,
  };
}

/** Where the kept bytes of a stream begin in its file. */
export function keptOffset(mark: KeptMark, stream: LogStream): number {
  return stream === 'STDOUT' ? mark.stdoutOffset : mark.stderrOffset;
}

/**
 * From where on the log is kept now. The mark moves before anything goes, so whoever reads and then finds the mark where it was
 * has read what was there. One that cannot be read means nothing was trimmed: what is missing then counts as damaged.
 */
export function readKeptMark({ keptPath }: JobDirectory): KeptMark {
  // Most jobs have none, and an exception costs ten times as much as this look.
  if (statSync(keptPath, { throwIfNoEntry: false }) === undefined) return NOTHING_TRIMMED;
  try {
    return keptMark.parse(JSON.parse(readSmallFile(keptPath)));
  } catch {
    return NOTHING_TRIMMED;
  }
}

/** Whole or not there, and on the disk before this resolves: what is before it may go then. */
export async function writeKeptMark({ keptPath }: JobDirectory, mark: KeptMark): Promise<void> {
  await writeDurably(keptPath, `${JSON.stringify(mark)}\n`);
}

function readSmallFile(path: string): string {
  const descriptor = openRegularFile(path, READ_FLAGS);
  try {
    const bytes = Buffer.allocUnsafe(MOST_BYTES);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, MOST_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}
