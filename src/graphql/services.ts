import type { AuditedAct } from '../domain/audit.ts';
import type { ContainmentMeans } from '../domain/containment.ts';
import type { JobId } from '../domain/job-id.ts';
import type { JobQueuePlace } from '../domain/job-queue-place.ts';
import type { JobSignal } from '../domain/job-signal.ts';
import type { RetentionRules } from '../domain/retention.ts';
import type { Scope } from '../domain/scope.ts';
import type { FollowIterator, FollowRequest } from '../logs/follow.ts';
import type { JobLogReader } from '../logs/job-log-reader.ts';
import type { LineSearch, SearchedPart } from '../logs/search/line-search.ts';
import type { LogMasks } from '../logs/log-masks.ts';
import type { LogEventBus } from '../logs/log-event-bus.ts';
import type { ReadClient } from '../storage/database.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type { JobRecord } from '../storage/job-records.ts';
import type { DiskState } from '../supervisor/disk-guard.ts';
import type { JobChangeBus } from '../supervisor/job-change-bus.ts';
import type { LogPressure } from '../supervisor/job-logs.ts';
import type { StartJobRequest } from '../supervisor/job-request.ts';
import type { Reconciliation } from '../supervisor/reconciliation.ts';
import type { RetentionFigures } from '../supervisor/retention.ts';
import type { ServiceSupervisor } from '../supervisor/services/service-supervisor.ts';
import type { StartLimitOptions } from '../supervisor/start-limits.ts';
import type { StreamLimitOptions, StreamPlaces } from './stream-places.ts';

/** What the jobs are asked of: reads go through here or through Pothos' Prisma plugin, never past them. */
export interface JobLookup {
  /** The job's row, or `null` for an id that was never given. */
  findJob(jobId: JobId): Promise<JobRecord | null>;
}

/** The only one that changes anything. */
export interface JobControl {
  /**
   * @param tokenId whose limits hold
   * @throws InvalidInputError, CommandNotFoundError, ConflictError, LimitExceededError, ServerStoppingError
   */
  startJob(request: StartJobRequest, tokenId: number | null): Promise<JobId>;
  /** Answers at once; the job ends later. @throws JobNotFoundError */
  cancelJob(jobId: JobId, options?: { gracePeriodMs?: number; requestedBy?: string }): Promise<void>;
  /** @throws JobNotFoundError, and what `startJob` throws */
  rerunJob(jobId: JobId, changes: StartJobRequest, tokenId: number | null): Promise<JobId>;
  /** @throws JobNotFoundError, ConflictError */
  signalJob(jobId: JobId, signal: JobSignal): Promise<void>;
  /** @throws JobNotFoundError, ConflictError */
  deleteJob(jobId: JobId): Promise<void>;
  /** @throws JobNotFoundError */
  setJobPinned(jobId: JobId, pinned: boolean): Promise<void>;
  readonly activeJobs: number;
  readonly queuedJobs: number;
  /** Where a job stands in the queue now; `null` where it is not in it. */
  queuePlaceOf(jobId: JobId): JobQueuePlace | null;
  /** Whether the log of a job keeps within its bounds now; `null` where the job does not run. */
  logPressure(jobId: JobId): LogPressure | null;
  readonly changes: JobChangeBus;
  readonly lastReconciliation: Reconciliation | null;
}

/** The services; alone in changing them. */
export type ServiceControl = Pick<
  ServiceSupervisor,
  | 'services'
  | 'get'
  | 'changes'
  | 'silentSinceMs'
  | 'save'
  | 'delete'
  | 'start'
  | 'stop'
  | 'restart'
  | 'runOnDemand'
  | 'rerunWithNewest'
>;

/** What a new token shall be. */
export interface NewToken {
  readonly name: string;
  readonly scope: Scope;
  /** `null`: never. */
  readonly expiresAt: Date | null;
  /** Who asks for it, for people. */
  readonly createdBy: string;
}

/** The tokens beside the server's own. */
export interface TokenControl {
  /** @returns the row's id, and the token itself, which is kept nowhere. @throws InvalidInputError, ConflictError */
  create(token: NewToken): Promise<{ id: number; secret: string }>;
  /** Ends it at once, and what it still receives within a second. @returns the row's id. @throws InvalidInputError */
  revoke(name: string): Promise<number>;
}

/** Who did what. */
export interface AuditTrail {
  /** Resolves when it is on record, or cannot be; never rejects. Of the actor it keeps what an `Actor` has, and no more. */
  record(act: AuditedAct): Promise<void>;
}

/** What the server was told to allow. */
export interface ServerLimits extends StreamLimitOptions, StartLimitOptions {
  readonly maxRunning: number;
  /** `null`: none. */
  readonly maxStreamAgeMs: number | null;
  /** `null`: none. */
  readonly maxStallMs: number | null;
}

/** How late the event loop came to what was due, in the last `windowMs` milliseconds or half of them. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly windowMs: number;
}

/** What is kept of finished jobs, as it is now. */
export interface RetentionState {
  /** Those of the server. */
  readonly rules: RetentionRules;
  readonly figures: RetentionFigures;
}

/** All that the public face is built on, made once by the composition root, owned by it. */
export interface Services {
  /** For Pothos' Prisma plugin alone. */
  readonly read: ReadClient;
  readonly jobs: JobLookup;
  readonly supervisor: JobControl;
  readonly serviceSupervisor: ServiceControl;
  readonly tokens: TokenControl;
  readonly audit: AuditTrail;
  readonly bus: LogEventBus;
  /** Of all doors. */
  readonly streams: StreamPlaces;
  /** Attaches now; the caller owns the iterator, which `request.signal` releases. */
  follow(request: FollowRequest): FollowIterator;
  /** The caller owns the reader. A job without a log gives an empty one. */
  openLog(jobId: JobId): Promise<JobLogReader>;
  /**
   * Where `signal` aborts it resolves at once, with a part of nothing.
   * @throws (rejects with) InvalidInputError, LimitExceededError, SecretsUnavailableError
   */
  searchLog(jobId: JobId, search: LineSearch, signal: AbortSignal): Promise<SearchedPart>;
  jobDirectory(jobId: JobId): JobDirectory;
  /** For those who read the files of streams themselves. */
  readonly masks: LogMasks;
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly limits: ServerLimits;
  readonly loopDelay: { read(): LoopDelay };
  readonly containment: ContainmentMeans;
  readonly retention: RetentionState;
  /** Of the data directory. */
  readonly disk: { readonly state: DiskState };
}
