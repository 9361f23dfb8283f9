import { setImmediate } from 'node:timers/promises';
import type { JobId } from '../domain/job-id.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { ACTIVE_STATUSES, FINAL_STATUSES, isFinal, type JobStatus } from '../domain/job-status.ts';
import type { ReadClient } from './database.ts';
import type { Prisma } from './generated/client.ts';
import type { StoredIdentity } from './identity-file.ts';
import type {
  CancellationFacts,
  JobRecord,
  StepRecord,
  TransitionRecord,
  UnfinishedJobRecord,
} from './job-records.ts';
import {
  applyStep,
  cancellationData,
  catchUp,
  identityData,
  insertJob,
  insertRestored,
  type NewJob,
} from './job-rows.ts';
import type { WriteGate } from './write-gate.ts';

const UNFINISHED = {
  where: { status: { in: ['QUEUED', ...ACTIVE_STATUSES] } },
  include: { active: true, cancellation: true, _count: { select: { transitions: true } } },
} satisfies Prisma.JobFindManyArgs;

/** How many ids, and how many whole rows, are asked for at once where all are needed. */
const IDS_AT_ONCE = 2_000;
const ROWS_AT_ONCE = 50;

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

  /** The jobs that had not ended, oldest first. Asked in parts, which the event loop hardly feels. */
  async unfinishedJobs(): Promise<UnfinishedJobRecord[]> {
    const found: UnfinishedJobRecord[] = [];
    for (;;) {
      const where = { ...UNFINISHED.where, id: { gt: found.at(-1)?.id ?? 0 } };
      const rows = await this.#read.job.findMany({
        ...UNFINISHED,
        where,
        orderBy: { id: 'asc' },
        take: ROWS_AT_ONCE,
      });
      found.push(...rows);
      if (rows.length < ROWS_AT_ONCE) return found;
      await setImmediate();
    }
  }

  /** One of them; `null` once it has ended. */
  async unfinishedJob(jobId: JobId): Promise<UnfinishedJobRecord | null> {
    return this.#read.job.findFirst({ ...UNFINISHED, where: { ...UNFINISHED.where, id: jobId } });
  }

  /** The longest time that a job which has not ended may take from TERM to KILL; 0 where there is none. */
  async longestGracePeriodMs(): Promise<number> {
    const { _max } = await this.#read.job.aggregate({
      where: UNFINISHED.where,
      _max: { gracePeriodMs: true },
    });
    return Number(_max.gracePeriodMs ?? 0);
  }

  async highestJobId(): Promise<JobId> {
    const { _max } = await this.#read.job.aggregate({ _max: { id: true } });
    return _max.id ?? 0;
  }

  /** The ids among `jobIds`, which ascend, that have no row. Asked in parts: a history may be long. */
  async withoutRow(jobIds: readonly JobId[]): Promise<JobId[]> {
    const without: JobId[] = [];
    for (let at = 0; at < jobIds.length; at += IDS_AT_ONCE) {
      const part = jobIds.slice(at, at + IDS_AT_ONCE);
      // Of a long history hardly any: so it is the others that are not fetched.
      const rows = await this.#read.$queryRaw<{ readonly id: number | bigint }[]>`
        SELECT given.value AS "id" FROM json_each(${JSON.stringify(part)}) given
        WHERE NOT EXISTS (SELECT 1 FROM "Job" WHERE "id" = given.value)`;
      without.push(...rows.map(({ id }) => Number(id)));
      await setImmediate();
    }
    return without;
  }

  /** Inserts the job with its first transition, to QUEUED. Rejects if the id or the requestId exists. */
  async insertQueued(
    jobId: JobId,
    spec: JobSpec,
    requestFingerprint: string | null,
    first: TransitionRecord,
  ): Promise<void> {
    await this.#gate.transaction((tx) => insertJob(tx, jobId, { spec, requestFingerprint }, first));
  }

  /**
   * Makes the row of a job that only its directory knows, at whatever state it had. All or nothing, so that a start that
   * dies here finds the same at the next. Those that are asked for together are made in this order.
   * @param steps all of its steps, from the first to QUEUED on
   * @param identity who its processes are, where it is active
   * @returns the job that has its requestId already, and then nothing is made; `null` for none
   */
  async importJob(
    jobId: JobId,
    stored: NewJob,
    steps: readonly [StepRecord, ...StepRecord[]],
    identity: StoredIdentity | null,
    pinned: boolean,
  ): Promise<JobId | null> {
    const { rerunOfId, requestId } = stored.spec;
    return this.#gate.transaction(async (tx) => {
      const known = requestId === null ? null : await tx.job.findUnique({ where: { requestId } });
      if (known !== null) return known.id;
      const rerunOf = rerunOfId === null ? null : await tx.job.findUnique({ where: { id: rerunOfId } });
      const spec = { ...stored.spec, rerunOfId: rerunOf === null ? null : rerunOfId };
      await insertRestored(tx, jobId, { ...stored, spec }, steps, identity);
      if (pinned) await tx.job.updateMany({ where: { id: jobId }, data: { pinned } });
      return null;
    });
  }

  /**
   * Brings a row forward to where its directory is: the server died between the two. All or nothing.
   * @param status where the row is
   * @param steps those that the row lacks
   * @throws TransitionConflictError
   */
  async catchUp(
    jobId: JobId,
    status: JobStatus,
    steps: readonly StepRecord[],
    identity: StoredIdentity | null,
  ): Promise<void> {
    await this.#gate.transaction((tx) => catchUp(tx, jobId, status, steps, identity));
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

  /** Whether retention is to leave it alone. */
  async setPinned(jobId: JobId, pinned: boolean): Promise<void> {
    await this.#gate.transaction((tx) => tx.job.updateMany({ where: { id: jobId }, data: { pinned } }));
  }

  /** Records who the shim and the program are: from here on a restarted server can find them. Rejects if the job is not active. */
  async recordIdentity(jobId: JobId, identity: StoredIdentity): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.activeJob.update({ where: { jobId }, data: identityData(identity) }),
    );
  }

  /** What has become of a cancellation so far. Nothing where its intent is not stored, or where the report is complete. */
  async reportCancellation(jobId: JobId, facts: CancellationFacts): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.cancellation.updateMany({ where: { jobId, finishedAt: null }, data: cancellationData(facts) }),
    );
  }

  /**
   * One step of the job's life. The one to STARTING brings its entry of the active map, before anything of it runs; a
   * final one removes that in the same transaction.
   * @throws TransitionConflictError
   */
  async advance(jobId: JobId, step: StepRecord): Promise<void> {
    await this.#gate.transaction((tx) => applyStep(tx, jobId, step));
  }
}
