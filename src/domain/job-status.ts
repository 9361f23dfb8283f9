/**
 * The life of a job, in one table:
 *
 *   QUEUED → STARTING → RUNNING → (CANCELLING →) SUCCEEDED | FAILED | CANCELLED | TIMED_OUT | LOST
 *
 * A job that is cancelled before it runs goes to CANCELLED directly; one whose launch fails goes to FAILED.
 * CANCELLING covers a timeout, too: the first cause decides how the job ends.
 */
export const JOB_STATUSES = [
  'QUEUED',
  'STARTING',
  'RUNNING',
  'CANCELLING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
  'LOST',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const LEGAL_NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  QUEUED: ['STARTING', 'CANCELLED', 'FAILED', 'LOST'],
  STARTING: ['RUNNING', 'CANCELLING', 'FAILED', 'LOST'],
  RUNNING: ['CANCELLING', 'SUCCEEDED', 'FAILED', 'LOST'],
  CANCELLING: ['CANCELLED', 'TIMED_OUT', 'FAILED', 'LOST'],
  SUCCEEDED: [],
  FAILED: [],
  CANCELLED: [],
  TIMED_OUT: [],
  LOST: [],
};

/** Whether a job may go from one status to the other in one step. */
export function isLegalTransition(from: JobStatus, to: JobStatus): boolean {
  return LEGAL_NEXT[from].includes(to);
}

/** Whether nothing can follow: the job has its outcome. */
export function isFinal(status: JobStatus): boolean {
  return LEGAL_NEXT[status].length === 0;
}

/** The statuses after which nothing follows. */
export const FINAL_STATUSES: readonly JobStatus[] = JOB_STATUSES.filter(isFinal);

/** The statuses in which a job is in the active map. */
export const ACTIVE_STATUSES = ['STARTING', 'RUNNING', 'CANCELLING'] as const satisfies readonly JobStatus[];

/** Whether a job with this status is in the active map. */
export function isActive(status: JobStatus): boolean {
  return (ACTIVE_STATUSES as readonly JobStatus[]).includes(status);
}

export const JOB_REASONS = [
  'NONE',
  'EXITED',
  'SIGNALLED',
  'KILLED_FROM_OUTSIDE',
  'LAUNCH_FAILED',
  'OUT_OF_MEMORY',
  'CANCEL_REQUESTED',
  'TIMEOUT',
  'LOG_LIMIT',
  'SERVER_STOPPED',
  'IDENTITY_GONE',
  'HOST_REBOOTED',
] as const;
/** Why a job is in its status. */
export type JobReason = (typeof JOB_REASONS)[number];

/** What happens to the descendants that a program leaves when it ends. */
export const ON_END_POLICIES = ['KILL_TREE', 'WAIT'] as const;
export type OnEnd = (typeof ON_END_POLICIES)[number];
