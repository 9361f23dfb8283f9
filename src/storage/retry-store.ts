import type { JobId } from '../domain/job-id.ts';
import { FINAL_STATUSES, isFinal, type JobStatus } from '../domain/job-status.ts';
import type { JobTrigger } from '../domain/service-state.ts';
import type { ReadClient } from './database.ts';
import type { Prisma } from './generated/client.ts';
import type { WriteGate } from './write-gate.ts';

/** What runs of a service are retried: not one that somebody repeated by hand, nor the job that keeps a service up. */
const RETRIED_TRIGGERS: readonly JobTrigger[] = ['REQUEST', 'SCHEDULE', 'RETRY'];
const UNDECIDED = {
  retryIsDecided: false,
  serviceId: { not: null },
  serviceRun: null,
  trigger: { in: [...RETRIED_TRIGGERS] },
  status: { in: [...FINAL_STATUSES] },
} satisfies Prisma.JobWhereInput;

/** A run of a service that has ended, and of which it is to be decided whether it is tried again. */
export interface EndedRun {
  readonly jobId: JobId;
  readonly serviceId: number;
  /** The version of the service that it ran. */
  readonly serviceVersion: number | null;
  readonly status: JobStatus;
  readonly attempt: number;
}

/** A run that is to be tried again. */
export interface WaitingRetry {
  readonly jobId: JobId;
  readonly serviceId: number;
  readonly attempt: number;
  readonly retryAtMs: number;
}

/** Which ended runs are tried again, and when. */
export class RetryStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  /** The runs that have ended with nothing decided. @param jobId this one alone */
  async undecided(jobId?: JobId): Promise<readonly EndedRun[]> {
    const rows = await this.#read.job.findMany({
      where: { ...UNDECIDED, ...(jobId !== undefined && { id: jobId }) },
      orderBy: { id: 'asc' },
      select: { id: true, serviceId: true, serviceVersion: true, status: true, attempt: true },
    });
    return rows.map(({ id, serviceId, status, ...row }) => ({
      ...row,
      jobId: id,
      serviceId: serviceId ?? 0,
      status: status as JobStatus,
    }));
  }

  /** Those that wait for their time, or had it when a server ended. */
  async waiting(): Promise<readonly WaitingRetry[]> {
    const rows = await this.#read.job.findMany({
      where: { retryAt: { not: null }, serviceId: { not: null } },
      orderBy: { id: 'asc' },
      select: { id: true, serviceId: true, attempt: true, retryAt: true },
    });
    return rows.map(({ id, serviceId, attempt, retryAt }) => ({
      jobId: id,
      serviceId: serviceId ?? 0,
      attempt,
      retryAtMs: retryAt?.getTime() ?? 0,
    }));
  }

  /** Whether it still waits for its time. */
  async isWaiting(jobId: JobId): Promise<boolean> {
    const row = await this.#read.job.findUnique({ where: { id: jobId }, select: { retryAt: true } });
    return row !== null && row.retryAt !== null;
  }

  /** Decides once. `false` where that had been done, by whomever. @param retryAtMs `null`: it is not tried again */
  async decide(jobId: JobId, retryAtMs: number | null): Promise<boolean> {
    const { count } = await this.#gate.transaction((tx) =>
      tx.job.updateMany({
        where: { ...UNDECIDED, id: jobId },
        data: { retryIsDecided: true, retryAt: retryAtMs === null ? null : new Date(retryAtMs) },
      }),
    );
    return count === 1;
  }

  /** It waits no more: its retry is a job, or was refused. */
  async settle(jobId: JobId): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.job.updateMany({ where: { id: jobId }, data: { retryAt: null } }),
    );
  }

  /** No run of the service that has ended by now is tried again. */
  async drop(serviceId: number): Promise<void> {
    await this.#gate.transaction(async (tx) => {
      await tx.job.updateMany({ where: { serviceId, retryAt: { not: null } }, data: { retryAt: null } });
      await tx.job.updateMany({ where: { ...UNDECIDED, serviceId }, data: { retryIsDecided: true } });
    });
  }

  /** The job that is the retry of that one, whether or not its row knows; `null` for none. */
  async retryOf(jobId: JobId): Promise<JobId | null> {
    const row = await this.#read.job.findUnique({ where: { retryOfId: jobId }, select: { id: true } });
    return row?.id ?? null;
  }
}

/** Whether an end is one after which a run is tried again, if its rules say so. A cancel never is. */
export function isFailure(status: JobStatus): boolean {
  return isFinal(status) && status !== 'SUCCEEDED' && status !== 'CANCELLED';
}
