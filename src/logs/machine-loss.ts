import { lstatSync } from 'node:fs';
import type { JobDirectory } from '../storage/job-directory.ts';
import { lastSeqOf, totalsOf, type IndexRecord } from './index-record.ts';

// After a loss of the machine each file of a log ends somewhere between what was brought to the disk last and where it was. The index
// may tell of lines whose bytes are gone; bytes may be there that no record has any more. What readers were told of is not
// known, but that its numbers are not above the mark.

/** How long the files of the streams are. */
export interface StreamSizes {
  readonly stdout: number;
  readonly stderr: number;
}

/** 0 for a file that is missing, or is none. */
export function streamSizes(directory: JobDirectory): StreamSizes {
  return { stdout: sizeOf(directory.logPath('STDOUT')), stderr: sizeOf(directory.logPath('STDERR')) };
}

/** Whether all that the log has up to this record is in the files. Once false, false for all later records. */
export function isWhole(record: IndexRecord, { stdout, stderr }: StreamSizes): boolean {
  const { stdoutBytes, stderrBytes } = totalsOf(record);
  return stdoutBytes <= stdout && stderrBytes <= stderr;
}

/**
 * What closes the numbers that may have been given: a record without lines behind which the numbers go on above the mark, so that
 * readers find those before it missing. `undefined` where none can be.
 * @param last the last record that is whole
 * @param atMs when that is found, in milliseconds since the Unix epoch; the time of the last line counts where there is one
 */
export function closingRecord(
  last: IndexRecord | undefined,
  reservedSeq: number,
  atMs: number,
): IndexRecord | undefined {
  if ((last === undefined ? 0 : lastSeqOf(last)) >= reservedSeq) return undefined;
  const nothing = { firstSeq: reservedSeq + 1, lineCount: 0, byteLength: 0 };
  if (last !== undefined) return { ...last, ...nothing, offset: last.offset + last.byteLength };
  return {
    ...nothing,
    stream: 'STDOUT',
    offset: 0,
    atMs,
    atApproximate: true,
    ending: 'NEWLINE',
    otherEndOffset: 0,
    otherUnterminated: false,
    stdoutLines: 0,
    stderrLines: 0,
  };
}

function sizeOf(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : 0;
}
