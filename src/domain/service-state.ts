export const DESIRED_STATES = ['UP', 'DOWN'] as const;
/** What somebody wants of a service. Only people change it, by start, stop and cancel. */
export type DesiredState = (typeof DESIRED_STATES)[number];

/**
 * What is seen of a service. Never set by wish alone.
 *
 * STOPPED    nothing runs, and nothing shall
 * WAITING    it shall run, and what it comes after is not so yet
 * STARTING   its job waits, or its program is being started
 * RUNNING    its program runs, and is not ready
 * READY      its program runs and is ready; without a readiness probe as soon as it runs
 * STOPPING   its job is being ended
 * BACKOFF    its job has ended, and it waits for the next try
 * SUCCEEDED  its job has ended well, and it is not started again
 * FAILED     its job has ended badly, and it is not started again
 * GAVE_UP    too many ends in a row; left by hand alone
 * SCHEDULED  it has a schedule that is being kept; its runs are jobs of their own
 */
export const SERVICE_STATES = [
  'STOPPED',
  'WAITING',
  'STARTING',
  'RUNNING',
  'READY',
  'STOPPING',
  'BACKOFF',
  'SUCCEEDED',
  'FAILED',
  'GAVE_UP',
  'SCHEDULED',
] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

export const JOB_TRIGGERS = ['REQUEST', 'RERUN', 'SERVICE', 'RETRY', 'SCHEDULE'] as const;
/** Why a job was made: somebody asked, asked once more, a service is kept up, a run that failed is tried again, it was due. */
export type JobTrigger = (typeof JOB_TRIGGERS)[number];
