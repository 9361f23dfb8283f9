import type { JobId } from '../domain/job-id.ts';
import type { DecidedRun, PendingRun } from '../domain/scheduled-run.ts';

/** Up to when a service's runs have been decided, and which of those are to become jobs. */
export interface SchedulePosition {
  readonly decidedToMs: number;
  /** By the time they were due. */
  readonly pending: readonly PendingRun[];
}

/** What is decided at once: all of it is stored, or nothing. */
export interface ScheduleStep {
  /** Where the position must be for that. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly decidedAtMs: number;
  readonly runs: readonly DecidedRun[];
}

/** What became of a run that was pending. */
export type PendingRunEnd =
  { readonly jobId: JobId } | { readonly outcome: 'REFUSED' | 'SKIPPED' | 'MISSED'; readonly why: string };
