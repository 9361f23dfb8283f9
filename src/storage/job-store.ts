import type { JobId } from '../domain/job-id.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import {
  ACTIVE_STATUSES,
  FINAL_STATUSES,
  isFinal,
  type JobReason,
  type JobStatus,
} from '../domain/job-status.ts';
import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';
import type { TerminatedProcess } from '../domain/terminated-process.ts';
import type { ReadClient } from './database.ts';
import type { ActiveJob, Cancellation, Job, Prisma } from './generated/client.ts';
import { searchTextOf } from './search-text.ts';
import type { WriteGate } from './write-gate.ts';

/** A job's row. */
export type JobRecord = Job;
/** A row of the active map. */
export type ActiveJobRecord = ActiveJob;
export type CancellationRecord = Cancellation;

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
  readonly message?: string | null;
  readonly pid?: number;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly signalInferred?: boolean;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
}

/** The intent to end a job, and the report of it. */
export interface CancellationFacts {
  readonly reason: JobReason;
  readonly requestedAtMs: number;
  readonly requestedBy: string | null;
  readonly gracePeriodMs: number;
  readonly killedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly containment: 'CONTAINED' | 'BEST_EFFORT';
  readonly processes: readonly TerminatedProcess[];
}

/** The row was not in the state that the transition starts from: somebody else was first. */
export class TransitionConflictError extends Error {
  constructor(jobId: JobId, transition: TransitionRecord) {
    super(`job ${String(jobId)} is not ${String(transition.from)}, so it cannot become ${transition.to}`);
    this.name = new.target.name;
  }
}

/** Jobs, their transitions and the active map in the database. Reads use the read-only client; every write passes the gate. */
export class JobStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  async findJob(jobId: JobId): Promise<JobRecord | null> {
    return this.#read.job.findUnique({ where: { id: jobId } });
  }

  async findByRequestId(requestId: string): Promise<Pick<JobRecord, 'id' | 'requestFingerprint'> | null> {
    return this.#read.job.findUnique({
      where: { requestId },
      select: { id: true, requestFingerprint: true },
    });
  }

  /** Whether the job has ended and its outcome is stored. */
  async outcomeIsKnown(jobId: JobId): Promise<boolean> {
    const row = await this.#read.job.findUnique({ where: { id: jobId }, select: { status: true } });
    return row !== null && isFinal(row.status as JobStatus);
  }

  /** The jobs that had not ended, oldest first, with their entries of the active map. */
  async unfinishedJobs(): Promise<
    (JobRecord & { active: ActiveJobRecord | null; cancellation: CancellationRecord | null })[]
  > {
    return this.#read.job.findMany({
      where: { status: { in: ['QUEUED', ...ACTIVE_STATUSES] } },
      include: { active: true, cancellation: true },
      orderBy: { id: 'asc' },
    });
  }

  /** The longest time that a job which has not ended may take from TERM to KILL; 0 where there is none. */
  async longestGracePeriodMs(): Promise<number> {
    const { _max } = await this.#read.job.aggregate({
      where: { status: { in: ['QUEUED', ...ACTIVE_STATUSES] } },
      _max: { gracePeriodMs: true },
    });
    return Number(_max.gracePeriodMs ?? 0);
  }

  async highestJobId(): Promise<JobId> {
    const { _max } = await this.#read.job.aggregate({ _max: { id: true } });
    return _max.id ?? 0;
  }

  /** The ids among `jobIds` that have no row. */
  async withoutRow(jobIds: readonly JobId[]): Promise<JobId[]> {
    const rows = new Set((await this.#read.job.findMany({ select: { id: true } })).map((row) => row.id));
    return jobIds.filter((id) => !rows.has(id));
  }

  async transitionCount(jobId: JobId): Promise<number> {
    return this.#read.jobTransition.count({ where: { jobId } });
  }

  /** Inserts the job with its first transition, to QUEUED. Rejects if the id or the requestId exists. */
  async insertQueued(
    jobId: JobId,
    spec: JobSpec,
    requestFingerprint: string | null,
    first: TransitionRecord,
  ): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.job.create({
        data: {
          id: jobId,
          requestId: spec.requestId,
          requestFingerprint,
          status: first.to,
          reason: first.reason,
          command: JSON.stringify(spec.command),
          script: spec.script,
          searchText: searchTextOf(spec.command),
          cwd: spec.cwd,
          env: JSON.stringify(spec.env),
          labels: JSON.stringify(spec.labels),
          labelIndex: { create: spec.labels.map((label) => ({ label })) },
          timeoutMs: spec.timeoutMs,
          gracePeriodMs: spec.gracePeriodMs,
          onEnd: spec.onEnd,
          attempt: spec.attempt,
          rerunOfId: spec.rerunOfId,
          queuedAt: new Date(first.atMs),
          transitions: { create: transitionData(first) },
        },
      }),
    );
  }

  /** Removes the row of a finished job with all that belongs to it. `false` if there is none. */
  async deleteFinished(jobId: JobId): Promise<boolean> {
    return this.#gate.transaction(async (tx) => {
      const { count } = await tx.job.deleteMany({
        where: { id: jobId, status: { in: [...FINAL_STATUSES] } },
      });
      return count === 1;
    });
  }

  /** From QUEUED to STARTING: the job enters the active map, before anything of it runs. @throws TransitionConflictError */
  async enterActive(
    jobId: JobId,
    transition: TransitionRecord,
    cookie: string,
    host: HostIdentity,
  ): Promise<void> {
    await this.#gate.transaction(async (tx) => {
      await compareAndSet(tx, jobId, transition, {});
      await tx.activeJob.create({ data: { jobId, cookie, ...host } });
    });
  }

  /** Records who the shim and the program are: from here on a restarted server can find them. */
  async recordIdentity(jobId: JobId, shim: ProcessIdentity, program: ProcessIdentity): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.activeJob.update({
        where: { jobId },
        data: {
          shimPid: shim.pid,
          shimStartTicks: shim.startTicks,
          programPid: program.pid,
          programStartTicks: program.startTicks,
        },
      }),
    );
  }

  /** One step of the job's life. A final one takes the job out of the active map in the same transaction. @throws TransitionConflictError */
  async transition(
    jobId: JobId,
    transition: TransitionRecord,
    facts: JobFacts = {},
    cancellation?: CancellationFacts,
  ): Promise<void> {
    await this.#gate.transaction(async (tx) => {
      await compareAndSet(tx, jobId, transition, facts);
      if (cancellation !== undefined) await upsertCancellation(tx, jobId, cancellation);
      if (isFinal(transition.to)) await tx.activeJob.deleteMany({ where: { jobId } });
    });
  }
}

async function compareAndSet(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  transition: TransitionRecord,
  facts: JobFacts,
): Promise<void> {
  const { startedAtMs, finishedAtMs, ...columns } = facts;
  const { count } = await tx.job.updateMany({
    where: { id: jobId, status: transition.from ?? '' },
    data: {
      status: transition.to,
      reason: transition.reason,
      ...columns,
      ...(startedAtMs === undefined ? {} : { startedAt: new Date(startedAtMs) }),
      ...(finishedAtMs === undefined ? {} : { finishedAt: new Date(finishedAtMs) }),
    },
  });
  if (count !== 1) throw new TransitionConflictError(jobId, transition);
  await tx.jobTransition.create({ data: { jobId, ...transitionData(transition) } });
}

async function upsertCancellation(
  tx: Prisma.TransactionClient,
  jobId: JobId,
  facts: CancellationFacts,
): Promise<void> {
  const { requestedAtMs, killedAtMs, finishedAtMs, processes, ...columns } = facts;
  const data = {
    ...columns,
    requestedAt: new Date(requestedAtMs),
    killedAt: killedAtMs === null ? null : new Date(killedAtMs),
    finishedAt: finishedAtMs === null ? null : new Date(finishedAtMs),
    processes: JSON.stringify(processes),
  };
  await tx.cancellation.upsert({ where: { jobId }, create: { jobId, ...data }, update: data });
}

function transitionData(transition: TransitionRecord) {
  const { atMs, ...columns } = transition;
  return { ...columns, at: new Date(atMs) };
}
