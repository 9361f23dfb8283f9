import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { JobDirectory } from '../storage/job-directory.ts';

/** A sink says one line and ends. */
const MOST_BYTES = 4_096;
/** What cat says in the C locale, which is the one of the shim: ENOSPC and EDQUOT. */
const FULL = /No space left on device|Disk quota exceeded/;
const SENTENCE = 'Its log is incomplete: the disk was full while it was written.';

/**
 * The message of a job that has ended, with what is to be said of its log: a sink that finds the disk full ends, what it had in
 * its hands is lost, and the program is told by its next write (EPIPE, or SIGPIPE).
 */
export function withLogLoss(message: string | null, directory: JobDirectory): string | null {
  if (!FULL.test(readComplaints(directory.shimErrorsPath))) return message;
  return message === null ? SENTENCE : `${message} ${SENTENCE}`;
}

function readComplaints(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, MOST_BYTES, 0));
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}
