import { InvalidArgumentError } from 'commander';
import type { JobSignal, JobStatus } from '../client/client.ts';
import { parseBytes } from '../domain/byte-size.ts';
import { parseDurationMs } from '../domain/duration.ts';
import { isStopSignal, JOB_SIGNALS } from '../domain/job-signal.ts';
import { isLogCap } from '../domain/log-limit.ts';
import { isServiceName } from '../domain/service-name.ts';
import { LONGEST_WAIT_MS } from './service-waits.ts';

/** Every status, in the order of a job's life. */
export const STATUSES = [
  'QUEUED',
  'STARTING',
  'RUNNING',
  'CANCELLING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
  'LOST',
] as const satisfies readonly JobStatus[];

/** @throws InvalidArgumentError unless it is a job's id */
export function jobIdArgument(text: string): string {
  if (!/^[1-9]\d{0,15}$/.test(text))
    throw new InvalidArgumentError('Give the number of a job, as lifeline ps shows it.');
  return text;
}

/** @throws InvalidArgumentError unless a service can be called so */
export function serviceNameArgument(text: string): string {
  if (!isServiceName(text)) {
    throw new InvalidArgumentError('Give the name of a service, as lifeline services shows it.');
  }
  return text;
}

/** For an argument that may be given several times. @throws InvalidArgumentError */
export function serviceNamesArgument(text: string, former: readonly string[] = []): readonly string[] {
  return [...former, serviceNameArgument(text)];
}

/** A job by its number, or a service by its name; a number is a job. @throws InvalidArgumentError */
export function jobOrServiceArgument(text: string): string {
  return /^\d+$/.test(text) ? jobIdArgument(text) : serviceNameArgument(text);
}

/** Milliseconds that the server may wait: ten minutes at most. @throws InvalidArgumentError */
export function waitArgument(text: string): number {
  const waitMs = parseDurationMs(text);
  if (waitMs === undefined || waitMs > LONGEST_WAIT_MS) {
    throw new InvalidArgumentError('Give a time such as 500ms, 30s, 5m; up to 10m, and 0 not to wait.');
  }
  return waitMs;
}

/** With or without `SIG`, in any case. @throws InvalidArgumentError unless it asks a program to end */
export function stopSignalArgument(text: string): JobSignal {
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const signal = JOB_SIGNALS.find((each) => each === name);
  if (signal === undefined || !isStopSignal(signal)) {
    throw new InvalidArgumentError('Give TERM, INT, HUP, QUIT, USR1 or USR2; --grace 0 kills at once.');
  }
  return signal;
}

/** Milliseconds. @throws InvalidArgumentError */
export function durationArgument(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) {
    throw new InvalidArgumentError(
      'Give milliseconds, or a time such as 500ms, 30s, 5m, 2h, 1d; up to 24 days.',
    );
  }
  return durationMs;
}

/** Bytes of the cap of a log. @throws InvalidArgumentError */
export function logCapArgument(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || !isLogCap(bytes)) {
    throw new InvalidArgumentError('Give bytes, or a size such as 16MiB or 1GiB; 1MiB at the least.');
  }
  return bytes;
}

/** Ten years, in milliseconds. */
const LONGEST_MS = 3_650 * 86_400_000;

/** Milliseconds that may be many. @throws InvalidArgumentError */
export function longDurationArgument(text: string): number {
  const durationMs = parseDurationMs(text, LONGEST_MS);
  if (durationMs === undefined || durationMs === 0) {
    throw new InvalidArgumentError('Give a time such as 12h, 30d, 365d; up to ten years.');
  }
  return durationMs;
}

/** Gives the reader of a whole number. */
export function countArgument(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d{1,9}$/.test(text) || count < least) {
      throw new InvalidArgumentError(`Give a whole number of ${least} or more.`);
    }
    return count;
  };
}

/** Gives the reader of a whole number that may be negative. */
export function numberArgument(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^[+-]?\d{1,9}$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** For an option that may be given several times. */
export function collect(text: string, former: readonly string[]): readonly string[] {
  return [...former, text];
}

/** One or more statuses, in any case, separated by commas. @throws InvalidArgumentError */
export function statusArgument(text: string, former: readonly JobStatus[]): readonly JobStatus[] {
  const statuses = text.split(',').map((name) => {
    const status = STATUSES.find((candidate) => candidate === name.trim().toUpperCase().replaceAll('-', '_'));
    if (status === undefined) throw new InvalidArgumentError(`Give one of ${STATUSES.join(', ')}.`);
    return status;
  });
  return [...former, ...statuses];
}
