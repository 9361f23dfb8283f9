export const SCHEDULED_RUN_OUTCOMES = [
  'STARTED',
  'QUEUED',
  'REPLACED',
  'SKIPPED',
  'MISSED',
  'REFUSED',
] as const;
/** What became of a run that was due: the first three have a job, or are to have one; the others have none. */
export type ScheduledRunOutcome = (typeof SCHEDULED_RUN_OUTCOMES)[number];

/** The outcomes with which a run is to become a job, and waits until it may. */
export const PENDING_OUTCOMES = [
  'STARTED',
  'QUEUED',
  'REPLACED',
] as const satisfies readonly ScheduledRunOutcome[];
export type PendingOutcome = (typeof PENDING_OUTCOMES)[number];

/** A run that is to become a job, and is none yet. */
export interface PendingRun {
  /** Milliseconds since the Unix epoch; with the service it names the run. */
  readonly dueAtMs: number;
  readonly outcome: PendingOutcome;
  readonly decidedAtMs: number;
}

/** What has been decided of a run that was due. */
export interface DecidedRun {
  readonly dueAtMs: number;
  readonly outcome: ScheduledRunOutcome;
  /** Why, in one sentence; `null` where there is nothing to say. */
  readonly why: string | null;
}
