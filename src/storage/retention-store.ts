import { setImmediate } from 'node:timers/promises';
import type { JobId } from '../domain/job-id.ts';
import { FINAL_STATUSES } from '../domain/job-status.ts';
import type { KeptJobs, RemovableJob, RetentionScope } from '../domain/retention.ts';
import type { ReadClient } from './database.ts';
import { Prisma } from './generated/client.ts';
import { KeptTally } from './kept-tally.ts';
import type { WriteGate } from './write-gate.ts';

/** How many finished jobs are looked at in one query, which the event loop waits for: some milliseconds. */
const ROWS_AT_ONCE = 5_000;
const PASSED_OVER_AT_MOST = 2_000;
/** How long after its end a job is kept whose request had a word of its own, so that a repeat finds it. */
const REQUEST_ID_PROMISE_MS = 3_600_000;

/** A candidate of retention. */
export interface OldJob extends RemovableJob {
  readonly serviceId: number | null;
}

/** Finished jobs as retention sees them. All reads go by an index and hold the event loop for milliseconds at the most. */
export class RetentionStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  /**
   * The finished jobs of a scope that may go, by their ends, oldest first. Not among them: pinned ones; the job that keeps a
   * service up, or was the last to; a run whose retry is not decided or waits, or whose schedule does not know of it yet; one
   * with a requestId, within an hour of its end. Of many such, the oldest 2,000 are passed over, and no more.
   */
  async oldest(scope: RetentionScope, limit: number, nowMs: number): Promise<readonly OldJob[]> {
    const promisedSince = new Date(nowMs - REQUEST_ID_PROMISE_MS);
    const rows = await this.#read.$queryRaw<OldJobRow[]>`
      SELECT j."id", CAST(j."finishedAt" AS TEXT) AS "finishedAt", j."serviceId",
        COALESCE(j."allocatedBytes", 0) AS "bytes"
      FROM (SELECT "id", "finishedAt", "serviceId", "allocatedBytes", "requestId", "retryAt", "retryIsDecided", "serviceRun",
          "trigger", "dueAt", "retryOfId" FROM "Job" j WHERE j."pinned" = 0 AND j."finishedAt" > '' ${conditionOf(scope)}
        ORDER BY j."finishedAt", j."id" LIMIT ${PASSED_OVER_AT_MOST + limit}) j
      WHERE (j."requestId" IS NULL OR j."finishedAt" <= ${promisedSince})
        AND j."retryAt" IS NULL
        AND (j."retryIsDecided" = 1 OR j."serviceId" IS NULL OR j."serviceRun" IS NOT NULL
          OR j."trigger" NOT IN ('REQUEST', 'SCHEDULE', 'RETRY'))
        AND (j."serviceRun" IS NULL OR NOT EXISTS (SELECT 1 FROM "Service" s
          WHERE s."id" = j."serviceId" AND (s."currentJobId" = j."id" OR s."runs" = j."serviceRun")))
        AND (j."dueAt" IS NULL OR NOT EXISTS (SELECT 1 FROM "ScheduledRun" r
          WHERE r."serviceId" = j."serviceId" AND r."dueAt" = j."dueAt" AND r."jobId" IS NULL))
        AND (j."retryOfId" IS NULL OR NOT EXISTS (SELECT 1 FROM "Job" f
          WHERE f."id" = j."retryOfId" AND f."retryAt" IS NOT NULL))
      ORDER BY j."finishedAt", j."id" LIMIT ${limit}`;
    return rows.map(({ id, finishedAt, serviceId, bytes }) => ({
      jobId: Number(id),
      finishedAtMs: Date.parse(finishedAt),
      serviceId: serviceId === null ? null : Number(serviceId),
      bytes: Number(bytes),
    }));
  }

  /** How much there is of each service, and of none. Asked in parts: a history may be long. */
  async kept(signal: AbortSignal): Promise<KeptTally> {
    const tally = new KeptTally();
    await this.#inParts(signal, async (after, upTo) => {
      const rows = await this.#read.$queryRaw<TotalRow[]>`
        SELECT "serviceId", COUNT(*) AS "jobs", SUM("allocatedBytes") AS "bytes" FROM "Job"
        WHERE "pinned" = 0 AND "finishedAt" > ${after} AND "finishedAt" <= ${upTo} GROUP BY "serviceId"`;
      for (const { serviceId, jobs, bytes } of rows)
        tally.add(serviceId === null ? null : Number(serviceId), Number(jobs), Number(bytes));
    });
    return tally;
  }

  /** How much is pinned. */
  async pinned(): Promise<KeptJobs> {
    const { _count, _sum } = await this.#read.job.aggregate({
      where: { pinned: true },
      _count: true,
      _sum: { allocatedBytes: true },
    });
    return { jobs: _count, bytes: Number(_sum.allocatedBytes ?? 0) };
  }

  /** Measures the finished jobs that were not when they ended: an earlier version had them. @param measure bytes of a job */
  async measureMissing(measure: (jobId: JobId) => Promise<number>, signal: AbortSignal): Promise<void> {
    await this.#inParts(signal, async (after, upTo) => {
      const rows = await this.#read.$queryRaw<{ readonly id: bigint | number }[]>`
        SELECT "id" FROM "Job" WHERE "pinned" = 0 AND "finishedAt" > ${after} AND "finishedAt" <= ${upTo}
        AND "allocatedBytes" IS NULL`;
      for (const { id } of rows) {
        if (signal.aborted) return;
        const allocatedBytes = await measure(Number(id));
        await this.#gate.transaction((tx) =>
          tx.job.updateMany({ where: { id: Number(id), allocatedBytes: null }, data: { allocatedBytes } }),
        );
      }
    });
  }

  /** Those among them that may still be removed: finished, and not pinned meanwhile. */
  async stillRemovable(jobIds: readonly JobId[]): Promise<readonly JobId[]> {
    const where = { ...REMOVABLE, id: { in: [...jobIds] } };
    const rows = await this.#read.job.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } });
    return rows.map(({ id }) => id);
  }

  /** Removes the rows of jobs with all that belongs to them, in one transaction. */
  async deleteRows(jobIds: readonly JobId[]): Promise<void> {
    const where = { id: { in: [...jobIds] }, status: { in: [...FINAL_STATUSES] } };
    await this.#gate.transaction((tx) => tx.job.deleteMany({ where }));
  }

  /** By the ends of jobs, each part from behind one moment up to another, as they are written in the database. */
  async #inParts(signal: AbortSignal, look: (after: string, upTo: string) => Promise<void>): Promise<void> {
    for (let after = ''; !signal.aborted;) {
      const [row] = await this.#read.$queryRaw<{ readonly upTo: string | null }[]>`
        SELECT CAST(MAX("finishedAt") AS TEXT) AS "upTo" FROM (SELECT "finishedAt" FROM "Job"
          WHERE "pinned" = 0 AND "finishedAt" > ${after} ORDER BY "finishedAt" LIMIT ${ROWS_AT_ONCE})`;
      const upTo = row?.upTo ?? null;
      if (upTo === null) return;
      await look(after, upTo);
      after = upTo;
      await setImmediate();
    }
  }
}

const REMOVABLE = { pinned: false, status: { in: [...FINAL_STATUSES] } } satisfies Prisma.JobWhereInput;

interface OldJobRow {
  readonly id: number | bigint;
  readonly finishedAt: string;
  readonly serviceId: number | bigint | null;
  readonly bytes: number | bigint;
}

interface TotalRow {
  readonly serviceId: number | bigint | null;
  readonly jobs: number | bigint;
  readonly bytes: number | bigint | null;
}

function conditionOf(scope: RetentionScope): Prisma.Sql {
  switch (scope.kind) {
    case 'ALL':
      return Prisma.empty;
    case 'SERVICE':
      return Prisma.sql`AND j."serviceId" = ${scope.serviceId}`;
    case 'OTHERS':
      return scope.exceptServiceIds.length === 0
        ? Prisma.empty
        : Prisma.sql`AND (j."serviceId" IS NULL OR j."serviceId" NOT IN (${Prisma.join([...scope.exceptServiceIds])}))`;
  }
}
