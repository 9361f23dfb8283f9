import type { JobId } from './job-id.ts';
import type { JobReason, JobStatus } from './job-status.ts';
import { retryDelayMs } from './retry-delay.ts';
import type { RestartRules } from './service-definition.ts';
import type { DesiredState, ServiceState } from './service-state.ts';

/** Where a service is in its life: what somebody wants, what is seen, and what has to be remembered between two steps. */
export interface ServiceLife {
  readonly desired: DesiredState;
  readonly state: ServiceState;
  /** One sentence for people. */
  readonly why: string | null;
  /** The highest number that a start was given. One number makes one job, so no start happens twice. */
  readonly runs: number;
  /** The job of that number; `null` while it is not known. */
  readonly jobId: JobId | null;
  /** Ends in a row without health in between. */
  readonly failures: number;
  /** In BACKOFF: when it is tried again, in milliseconds since the Unix epoch. */
  readonly retryAtMs: number | null;
}

export const NEW_LIFE: ServiceLife = {
  desired: 'DOWN',
  state: 'STOPPED',
  why: null,
  runs: 0,
  jobId: null,
  failures: 0,
  retryAtMs: null,
};

/** How a job has ended. */
export interface JobEnd {
  readonly status: JobStatus;
  readonly reason: JobReason;
  readonly message: string | null;
  /** Who asked for its end, where somebody did. */
  readonly cause: string | null;
}

export type ServiceEvent =
  | { readonly kind: 'START' | 'STOP' | 'RESTART'; readonly by: string }
  | { readonly kind: 'DEPENDENCIES_MET' | 'RETRY_DUE' | 'HEALTHY' | 'SAVED' }
  /** What it comes after is not so yet. */
  | { readonly kind: 'BLOCKED'; readonly why: string }
  | { readonly kind: 'JOB_MADE' | 'JOB_RUNS'; readonly jobId: JobId }
  /** There is no job: its definition cannot be run here and now. */
  | { readonly kind: 'LAUNCH_REFUSED'; readonly message: string }
  /** There is no job for now, and that is not the fault of the service: the disk is full. */
  | { readonly kind: 'LAUNCH_HELD'; readonly message: string }
  /** Its readiness probe has turned, or says no for another reason than before. */
  | { readonly kind: 'READINESS'; readonly jobId: JobId; readonly isReady: boolean; readonly message: string }
  /** Its liveness probe has failed too often. */
  | { readonly kind: 'DEAD'; readonly jobId: JobId; readonly message: string }
  | { readonly kind: 'JOB_ENDED'; readonly jobId: JobId; readonly end: JobEnd };

/** What the steps of a service depend on besides its life. */
export interface LifeRules {
  readonly restart: RestartRules;
  readonly hasReadiness: boolean;
  readonly isScheduled: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** In which states a job of it may be there. */
const WITH_JOB: readonly ServiceState[] = ['STARTING', 'RUNNING', 'READY', 'STOPPING'];
const RUNNING: readonly ServiceState[] = ['RUNNING', 'READY'];

/** Whether a job of it may be there. */
export function mayHaveJob(state: ServiceState): boolean {
  return WITH_JOB.includes(state);
}

/**
 * The next step of a service's life. The same life comes back where an event changes nothing: one that is late, that has
 * come before, or that belongs to another job.
 *
 * States and what they mean are told at `SERVICE_STATES`. Only START, STOP, RESTART and a cancel by hand change what is
 * desired; only START and RESTART leave GAVE_UP, FAILED and SUCCEEDED towards a new run.
 */
export function nextLife(life: ServiceLife, event: ServiceEvent, rules: LifeRules): ServiceLife {
  switch (event.kind) {
    case 'START':
      return started(life, event.by, rules);
    case 'STOP':
      return stopped(life, event.by);
    case 'RESTART':
      return restarted(life, event.by, rules);
    case 'SAVED':
      return saved(life, rules);
    case 'BLOCKED':
      return life.state === 'WAITING' && life.why !== event.why ? { ...life, why: event.why } : life;
    case 'DEPENDENCIES_MET':
      return life.state === 'WAITING'
        ? { ...life, state: 'STARTING', why: null, runs: life.runs + 1, jobId: null }
        : life;
    case 'RETRY_DUE':
      return life.state === 'BACKOFF' ? { ...life, state: 'WAITING', retryAtMs: null } : life;
    case 'HEALTHY':
      return RUNNING.includes(life.state) && life.failures > 0 ? { ...life, failures: 0 } : life;
    case 'JOB_MADE':
      return life.jobId === null && (life.state === 'STARTING' || life.state === 'STOPPING')
        ? { ...life, jobId: event.jobId }
        : life;
    case 'LAUNCH_REFUSED':
      return refused(life, event.message, rules);
    case 'LAUNCH_HELD':
      return held(life, event.message, rules);
    case 'JOB_RUNS':
      return life.state === 'STARTING' && life.jobId === event.jobId
        ? { ...life, state: rules.hasReadiness ? 'RUNNING' : 'READY', why: null }
        : life;
    case 'READINESS':
      return readiness(life, event);
    case 'DEAD':
      return RUNNING.includes(life.state) && life.jobId === event.jobId
        ? { ...life, state: 'STOPPING', why: event.message, failures: life.failures + 1 }
        : life;
    case 'JOB_ENDED':
      return mayHaveJob(life.state) && life.jobId === event.jobId ? ended(life, event.end, rules) : life;
  }
}

/** Where a service goes that shall run. */
function awaited(life: ServiceLife, { isScheduled }: LifeRules): ServiceLife {
  return { ...life, state: isScheduled ? 'SCHEDULED' : 'WAITING', why: null, retryAtMs: null };
}

function started(life: ServiceLife, by: string, rules: LifeRules): ServiceLife {
  const wanted: ServiceLife = { ...life, desired: 'UP' };
  if (life.state === 'STOPPING') {
    const why = `It is started again by ${by} when it has stopped.`;
    return life.desired === 'UP' ? life : { ...wanted, failures: 0, why };
  }
  const isUnderWay = mayHaveJob(life.state) || life.state === 'WAITING' || life.state === 'SCHEDULED';
  return isUnderWay ? life : { ...awaited({ ...wanted, failures: 0 }, rules), why: `Started by ${by}.` };
}

function stopped(life: ServiceLife, by: string): ServiceLife {
  const why = `Stopped by ${by}.`;
  if (mayHaveJob(life.state)) {
    return life.state === 'STOPPING' && life.desired === 'DOWN'
      ? life
      : { ...life, desired: 'DOWN', state: 'STOPPING', why, failures: 0 };
  }
  return life.state === 'STOPPED'
    ? life
    : { ...life, desired: 'DOWN', state: 'STOPPED', why, failures: 0, retryAtMs: null };
}

function restarted(life: ServiceLife, by: string, rules: LifeRules): ServiceLife {
  const why = `Restarted by ${by}.`;
  const anew: ServiceLife = { ...life, desired: 'UP', failures: 0, why };
  if (mayHaveJob(life.state)) return { ...anew, state: 'STOPPING' };
  return { ...awaited(anew, rules), why };
}

/** A service that gets a schedule, or loses it, leaves what it was. */
function saved(life: ServiceLife, rules: LifeRules): ServiceLife {
  if (life.desired === 'DOWN' || rules.isScheduled === (life.state === 'SCHEDULED')) return life;
  const anew = { ...life, failures: 0 };
  if (life.state === 'STOPPING') return life;
  if (mayHaveJob(life.state))
    return { ...anew, state: 'STOPPING', why: 'It has a schedule now; the job that kept it up is ended.' };
  return awaited(anew, rules);
}

function refused(life: ServiceLife, message: string, rules: LifeRules): ServiceLife {
  if (life.jobId !== null) return life;
  if (life.state === 'STOPPING') return stoppedNow(life, rules);
  return life.state === 'STARTING' ? failed(life, message, rules) : life;
}

/** Tried again before long, however often: it is not counted. */
function held(life: ServiceLife, why: string, rules: LifeRules): ServiceLife {
  if (life.jobId !== null) return life;
  if (life.state === 'STOPPING') return stoppedNow(life, rules);
  const retryAtMs = rules.nowMs + rules.restart.firstDelayMs;
  return life.state === 'STARTING' ? { ...life, state: 'BACKOFF', why, retryAtMs } : life;
}

function readiness(
  life: ServiceLife,
  { jobId, isReady, message }: Extract<ServiceEvent, { kind: 'READINESS' }>,
): ServiceLife {
  if (!RUNNING.includes(life.state) || life.jobId !== jobId) return life;
  if (isReady) return life.state === 'READY' ? life : { ...life, state: 'READY', why: null };
  return life.state === 'READY' || life.why !== message ? { ...life, state: 'RUNNING', why: message } : life;
}

function ended(life: ServiceLife, end: JobEnd, rules: LifeRules): ServiceLife {
  if (life.state === 'STOPPING') return stoppedNow(life, rules);
  const { status, reason, cause } = end;
  if (reason === 'CANCEL_REQUESTED') {
    const why = `Its job ${String(life.jobId)} was cancelled${cause === null ? '' : ` by ${cause}`}.`;
    return { ...life, desired: 'DOWN', state: 'STOPPED', why, failures: 0 };
  }
  // Neither the machine nor the server that stops is the fault of the service.
  if (reason === 'SERVER_STOPPED' || reason === 'HOST_REBOOTED') return awaited(life, rules);
  if (status === 'SUCCEEDED' && rules.restart.policy !== 'ALWAYS') {
    return { ...life, state: 'SUCCEEDED', why: null, failures: 0 };
  }
  return failed(life, end.message ?? 'Its program ended with exit code 0.', rules);
}

/** Its job is gone, as it should be. After a failure of its liveness probe that is an end like another. */
function stoppedNow(life: ServiceLife, rules: LifeRules): ServiceLife {
  if (life.desired === 'DOWN') return { ...life, state: 'STOPPED' };
  if (life.failures > 0 && !rules.isScheduled) {
    const why = life.why ?? 'Its liveness probe failed.';
    return rules.restart.policy === 'NEVER' ? { ...life, state: 'FAILED', why } : retried(life, why, rules);
  }
  return { ...awaited(life, rules), why: life.why };
}

function failed(life: ServiceLife, message: string, rules: LifeRules): ServiceLife {
  if (rules.restart.policy === 'NEVER') return { ...life, state: 'FAILED', why: message };
  return retried({ ...life, failures: life.failures + 1 }, message, rules);
}

function retried(life: ServiceLife, message: string, { restart, nowMs, random }: LifeRules): ServiceLife {
  if (life.failures >= restart.maxFailures) {
    const times = life.failures === 1 ? 'once' : `${String(life.failures)} times in a row`;
    return { ...life, state: 'GAVE_UP', why: `It has ended ${times}. The last time: ${message}` };
  }
  const retryAtMs = nowMs + retryDelayMs(restart, life.failures, random);
  return { ...life, state: 'BACKOFF', why: message, retryAtMs };
}
