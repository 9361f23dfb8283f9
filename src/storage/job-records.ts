import type { JobId } from '../domain/job-id.ts';
import type { JobReason, JobStatus } from '../domain/job-status.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { StopCommandReport } from '../domain/stop-command-report.ts';
import type { TerminatedProcess } from '../domain/terminated-process.ts';
import type { ActiveJob, Cancellation, Job } from './generated/client.ts';

/** A job's row. */
export type JobRecord = Job;
/** A row of the active map. */
export type ActiveJobRecord = ActiveJob;
export type CancellationRecord = Cancellation;
/** A job that has not ended, with all that a start needs to go on with it. */
export interface UnfinishedJobRecord extends JobRecord {
  readonly active: ActiveJobRecord | null;
  readonly cancellation: CancellationRecord | null;
  readonly _count: { readonly transitions: number };
}

/** One step of a job's life, as it is stored. */
export interface TransitionRecord {
  /** 1, 2, 3 … within the job. */
  readonly number: number;
  readonly from: JobStatus | null;
  readonly to: JobStatus;
  readonly atMs: number;
  readonly reason: JobReason;
  /** Who or what caused it, in one sentence. */
  readonly cause: string | null;
}

/** What a transition changes in the job's row, besides status and reason. */
export interface JobFacts {
  readonly message?: string | null | undefined;
  readonly pid?: number | undefined;
  readonly exitCode?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly signalInferred?: boolean | undefined;
  readonly startedAtMs?: number | undefined;
  readonly finishedAtMs?: number | undefined;
  /** What its directory takes on the disk. */
  readonly allocatedBytes?: number | undefined;
}

/** The intent to end a job, and the report of it. */
export interface CancellationFacts {
  readonly reason: JobReason;
  readonly requestedAtMs: number;
  /** The same moment in milliseconds of the boot's own clock, where it is known. In the job directory alone. */
  readonly requestedUptimeMs?: number | null | undefined;
  readonly requestedBy: string | null;
  readonly gracePeriodMs: number;
  readonly killedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly containment: 'CONTAINED' | 'BEST_EFFORT';
  readonly processes: readonly TerminatedProcess[];
  /** Absent where there is nothing new to say of it. */
  readonly stopCommand?: StopCommandReport | undefined;
}

/** A transition with all that is stored with it: a line of the job directory, then a transaction of the database. */
export interface StepRecord extends TransitionRecord {
  readonly facts?: JobFacts | undefined;
  readonly cancellation?: CancellationFacts | undefined;
  /** Given on the way to STARTING: the entry of the active map. */
  readonly active?: { readonly cookie: string; readonly host: HostIdentity } | undefined;
}

/** The row was not in the state that the transition starts from: somebody else was first. */
export class TransitionConflictError extends Error {
  constructor(jobId: JobId, transition: TransitionRecord) {
    super(`job ${String(jobId)} is not ${String(transition.from)}, so it cannot become ${transition.to}`);
    this.name = new.target.name;
  }
}
