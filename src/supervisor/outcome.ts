import { constants } from 'node:os';
import type { JobReason, JobStatus } from '../domain/job-status.ts';

/** How a program ended, as far as it can be known. */
export interface Outcome {
  readonly status: JobStatus;
  readonly reason: JobReason;
  readonly message: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly signalInferred: boolean;
}

const NO_EXIT = { exitCode: null, signal: null, signalInferred: false } as const;

/** What the shell's exit status says. Over 128 it may be a signal or an exit code: sh cannot tell them apart. */
export function outcomeOfExit(exitStatus: number): Outcome {
  if (exitStatus === 0) {
    return { ...NO_EXIT, status: 'SUCCEEDED', reason: 'EXITED', message: null, exitCode: 0 };
  }
  const signal = signalOfExitStatus(exitStatus);
  if (signal === null) {
    return { ...NO_EXIT, status: 'FAILED', reason: 'EXITED', message: `The program ended with exit code ${String(exitStatus)}.`, exitCode: exitStatus };
  }
  const killed = signal === 'SIGKILL';
  return {
    status: 'FAILED',
    reason: killed ? 'KILLED_FROM_OUTSIDE' : 'SIGNALLED',
    message: killed
      ? 'The program was killed (SIGKILL), and not by Lifeline; where memory was short, the kernel may have done it.'
      : `The program ended with exit code ${String(exitStatus)}, which is what ${signal} gives.`,
    exitCode: exitStatus,
    signal,
    signalInferred: true,
  };
}

export function outcomeOfLaunchFailure(message: string): Outcome {
  return { ...NO_EXIT, status: 'FAILED', reason: 'LAUNCH_FAILED', message };
}

export function outcomeLost(reason: JobReason, message: string): Outcome {
  return { ...NO_EXIT, status: 'LOST', reason, message };
}

/** The end of a job that was told to end: the first cause wins, whatever the program made of it. */
export function outcomeOfCancellation(reason: JobReason, exitStatus: number | null, killed: boolean): Outcome {
  const how = killed ? ' and was killed after its grace period' : '';
  return {
    status: reason === 'TIMEOUT' ? 'TIMED_OUT' : 'CANCELLED',
    reason,
    message: reason === 'TIMEOUT' ? `The job ran into its timeout${how}.` : `The job was cancelled${how}.`,
    exitCode: exitStatus,
    signal: exitStatus === null ? null : signalOfExitStatus(exitStatus),
    signalInferred: exitStatus !== null && signalOfExitStatus(exitStatus) !== null,
  };
}

function signalOfExitStatus(exitStatus: number): string | null {
  const name = Object.entries(constants.signals).find(([, number]) => number === exitStatus - 128)?.[0];
  return name ?? null;
}
