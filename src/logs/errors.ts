import type { JobId } from '../domain/job-id.ts';
import type { LogStream } from '../domain/log-line.ts';
import { LifelineError } from '../domain/errors.ts';

/** A job has one channel at a time: its guard must be disposed before it is opened again. */
export class ChannelAlreadyOpenError extends LifelineError {
  readonly code = 'INTERNAL';
  readonly jobId: JobId;

  constructor(jobId: JobId) {
    super(`The channel of job ${jobId} is open already.`);
    this.jobId = jobId;
  }
}

/** The channel closed while the job's outcome is not known: the log may go on, so this is no end of it. */
export class FollowInterruptedError extends LifelineError {
  readonly code = 'INTERNAL';
  readonly jobId: JobId;
  /** The cursor to follow on from. */
  readonly lastSeq: number;

  constructor(jobId: JobId, lastSeq: number) {
    super(`The log of job ${jobId} was interrupted after line ${lastSeq}. Follow it again from there.`);
    this.jobId = jobId;
    this.lastSeq = lastSeq;
  }
}

/** A log or index file is a symbolic link, a FIFO or the like: somebody replaced it. */
export class LogFileRefusedError extends LifelineError {
  readonly code = 'INTERNAL';
  /** For the server's own log; not in the message. */
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super('A file of the job’s log is not a regular file and is not opened.', options);
    this.path = path;
  }
}

/** The index belongs to another job, or was written by a newer version. */
export class LogIndexRefusedError extends LifelineError {
  readonly code = 'INTERNAL';
  /** For the server's own log; not in the message. */
  readonly path: string;

  constructor(path: string, why: string) {
    super(`The index of the job’s log is not used: ${why}.`);
    this.path = path;
  }
}

/** A tailer could not write down what it read until its patience was over; `cause` says why. */
export class LogDrainFailedError extends LifelineError {
  readonly code = 'INTERNAL';
  readonly jobId: JobId;

  constructor(jobId: JobId, options?: ErrorOptions) {
    super(`The log of job ${jobId} could not be read to its end.`, options);
    this.jobId = jobId;
  }
}

/** What was noticed of the files of a job's log. Facts for the server's log; the job goes on. */
export type LogAnomaly =
  /** The file is shorter than what was read of it; reading goes on at `offset`, its end now. */
  | { readonly kind: 'SHRUNK'; readonly stream: LogStream; readonly offset: number }
  | { readonly kind: 'MISSING'; readonly stream: LogStream }
  /** Somebody put something else than a regular file in its place; nothing is read of it while that is so. */
  | { readonly kind: 'REFUSED'; readonly stream: LogStream }
  /** The log cannot be gone on with, since its index cannot be opened; the job runs on without one. */
  | { readonly kind: 'UNAVAILABLE'; readonly error: unknown }
  /** Its oldest lines cannot be given back, so that the log grows beyond its cap. */
  | { readonly kind: 'NOT_TRIMMED'; readonly problem: string }
  /** The log of a job that ended could not be brought to the disk: a loss of the machine may take its end. */
  | { readonly kind: 'NOT_SETTLED'; readonly error: unknown }
  /** Reading a stream or writing the index failed; it is tried again. */
  | { readonly kind: 'STALLED'; readonly error: unknown };
