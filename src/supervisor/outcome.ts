import { constants } from 'node:os';
import type { JobReason, JobStatus } from '../domain/job-status.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { EndRequest } from './end-request.ts';
import type { ExitRecord } from './exit-record.ts';

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

/**
 * How a job ended, from what is left of it: a request to end it counts first, then the exit record.
 * @param request `null` unless the job was told to end before it did
 * @param killed whether its grace period ran out
 * @param evidence.recordIsGone whether somebody removed the record
 * @param evidence.memoryRanOut whether the kernel has killed for want of memory while the job ran, where the job was
 */
export function outcomeOf(
  record: ExitRecord,
  request: EndRequest | null,
  killed: boolean,
  evidence: { readonly recordIsGone?: boolean; readonly memoryRanOut?: boolean } = {},
): Outcome {
  const { recordIsGone = false, memoryRanOut = false } = evidence;
  if (request !== null) return outcomeOfRequest(request, record.aborted ? null : record.exitStatus, killed);
  if (record.aborted) return outcomeOfLaunchFailure('The server ended before the program could start.');
  if (record.exitStatus !== null) return outcomeOfExit(record.exitStatus, memoryRanOut);
  if (!record.started && !recordIsGone)
    return outcomeOfLaunchFailure('The shim ended before the program could start.');
  return outcomeLost(
    'IDENTITY_GONE',
    recordIsGone
      ? 'The program is gone and nobody can say how it ended: the directory of the job was removed while it ran.'
      : 'The program is gone and nobody saw how it ended: its shim was gone, too.',
  );
}

/** Why nothing of a job can be here: another boot, or another pid namespace. `null` if it can. */
export function outcomeElsewhere(then: HostIdentity, now: HostIdentity): Outcome | null {
  if (then.bootId !== now.bootId) {
    return outcomeLost(
      'HOST_REBOOTED',
      'The machine was restarted while the job ran, so its outcome cannot be known.',
    );
  }
  if (then.pidNamespace !== now.pidNamespace) {
    return outcomeLost(
      'IDENTITY_GONE',
      'The job ran in another container or pid namespace, so its outcome cannot be known.',
    );
  }
  return null;
}

/** What the shell's exit status says. Over 128 it may be a signal or an exit code: sh cannot tell them apart. */
function outcomeOfExit(exitStatus: number, memoryRanOut: boolean): Outcome {
  if (exitStatus === 0) {
    return { ...NO_EXIT, status: 'SUCCEEDED', reason: 'EXITED', message: null, exitCode: 0 };
  }
  const signal = signalOfExitStatus(exitStatus);
  if (signal === null) {
    return {
      ...NO_EXIT,
      status: 'FAILED',
      reason: 'EXITED',
      message: `The program ended with exit code ${String(exitStatus)}.`,
      exitCode: exitStatus,
    };
  }
  const signalled = { status: 'FAILED', exitCode: exitStatus, signal, signalInferred: true } as const;
  if (signal !== 'SIGKILL') {
    return {
      ...signalled,
      reason: 'SIGNALLED',
      message: `The program ended with exit code ${String(exitStatus)}, which is what ${signal} gives.`,
    };
  }
  return memoryRanOut
    ? {
        ...signalled,
        reason: 'OUT_OF_MEMORY',
        message:
          'The program was killed (SIGKILL): the kernel killed for want of memory in the control group of the server.',
      }
    : {
        ...signalled,
        reason: 'KILLED_FROM_OUTSIDE',
        message:
          'The program was killed (SIGKILL), and not by Lifeline; where memory was short, the kernel may have done it.',
      };
}

export function outcomeOfLaunchFailure(message: string): Outcome {
  return { ...NO_EXIT, status: 'FAILED', reason: 'LAUNCH_FAILED', message };
}

export function outcomeLost(reason: JobReason, message: string): Outcome {
  return { ...NO_EXIT, status: 'LOST', reason, message };
}

/** The end of a job that was told to end: the first cause wins, whatever the program made of it. */
export function outcomeOfRequest(request: EndRequest, exitStatus: number | null, killed: boolean): Outcome {
  const timedOut = request.reason === 'TIMEOUT';
  const what = timedOut
    ? 'ran into its timeout'
    : request.reason === 'LOG_LIMIT'
      ? 'wrote more than its log may hold and was ended'
      : 'was cancelled';
  const how = killed ? ' and was killed after its grace period' : '';
  const signal = exitStatus === null ? null : signalOfExitStatus(exitStatus);
  return {
    status: timedOut ? 'TIMED_OUT' : 'CANCELLED',
    reason: request.reason,
    message: `The job ${what}${how}.`,
    exitCode: exitStatus,
    signal,
    signalInferred: signal !== null,
  };
}

function signalOfExitStatus(exitStatus: number): string | null {
  const name = Object.entries(constants.signals).find(([, number]) => number === exitStatus - 128)?.[0];
  return name ?? null;
}
