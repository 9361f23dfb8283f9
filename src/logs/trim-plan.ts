import { INDEX_RECORD_BYTES } from './index-record.ts';
import { markAt, type KeptMark } from './kept-mark.ts';
import type { LogExtent } from './log-extent.ts';
import type { Hole } from './hole-puncher.ts';
import type { LogIndexReader } from './log-index-reader.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

/** Holes begin and end at blocks of most file systems: part of one would be overwritten and free nothing. */
const BLOCK_BYTES = 4_096;

/** How much of a log is kept: both streams and the index. */
export function keptBytes(
  { stdoutSize, stderrSize, recordCount }: Omit<LogExtent, 'backlogBytes'>,
  { stdoutOffset, stderrOffset, position }: KeptMark,
): number {
  return (
    // A file that was cut from outside ends before its mark.
    Math.max(0, stdoutSize - stdoutOffset) +
    Math.max(0, stderrSize - stderrOffset) +
    (recordCount - position) * INDEX_RECORD_BYTES
  );
}

/** How much of it was ever in the index, with that. */
export function numberedBytes({ stdoutSize, stderrSize, backlogBytes, recordCount }: LogExtent): number {
  return stdoutSize + stderrSize - backlogBytes + recordCount * INDEX_RECORD_BYTES;
}

/**
 * The first mark from the former on behind which at most so many bytes are kept. What is not in the index has no mark, so
 * at least its last record stays.
 */
export async function planTrim(
  index: LogIndexReader,
  former: KeptMark,
  extent: LogExtent,
  mostBytes: number,
): Promise<KeptMark> {
  const place = await index.firstWhere(
    (record, position) => keptBytes(extent, markAt(record, position)) <= mostBytes,
    former.position,
  );
  const found = place?.found ?? (await index.lastPlaced());
  return found === undefined || found.position <= former.position
    ? former
    : markAt(found.record, found.position);
}

/**
 * What can go of the files between two marks. The first block of the index stays: its header is in it.
 * @param contextBytes so much stays before what is kept of a stream: without it nobody could tell whether that goes on with a secret
 */
export function holesBetween(
  directory: JobDirectory,
  from: KeptMark,
  to: KeptMark,
  contextBytes = 0,
): Hole[] {
  const hole = (path: string, start: number, end: number): Hole[] => {
    const first = blockStart(Math.max(0, start));
    const length = blockStart(Math.max(0, end)) - first;
    return length <= 0 ? [] : [{ path, offset: first, length }];
  };
  return [
    ...hole(directory.logPath('STDOUT'), from.stdoutOffset - contextBytes, to.stdoutOffset - contextBytes),
    ...hole(directory.logPath('STDERR'), from.stderrOffset - contextBytes, to.stderrOffset - contextBytes),
    ...hole(directory.indexPath, Math.max(BLOCK_BYTES, indexOffset(from)), indexOffset(to)),
  ];
}

function indexOffset({ position }: KeptMark): number {
  return (position + 1) * INDEX_RECORD_BYTES;
}

function blockStart(offset: number): number {
  return Math.floor(offset / BLOCK_BYTES) * BLOCK_BYTES;
}
