import type { JobId } from '../domain/job-id.ts';
import { ACTIVE_STATUSES } from '../domain/job-status.ts';
import { PENDING_OUTCOMES, type DecidedRun, type PendingOutcome } from '../domain/scheduled-run.ts';
import type { ReadClient } from './database.ts';
import type { Prisma } from './generated/client.ts';
import type { PendingRunEnd, SchedulePosition, ScheduleStep } from './scheduled-run-records.ts';
import type { WriteGate } from './write-gate.ts';

/** How many rows of a service are kept: those that were due last. */
const ROWS_KEPT = 1_000;
const PENDING = {
  outcome: { in: [...PENDING_OUTCOMES] },
  jobId: null,
} satisfies Prisma.ScheduledRunWhereInput;

/** What was due by schedules, and what became of it. Up to when a service's runs are decided stands in its own row. */
export class ScheduledRunStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  /**
   * Where the schedule of a service stands. Without a position it begins now, and what was to become a job is skipped.
   * `null`: there is no such service.
   */
  async open(serviceId: number, nowMs: number): Promise<SchedulePosition | null> {
    const service = await this.#read.service.findUnique({ where: { id: serviceId } });
    if (service === null) return null;
    const { scheduledTo } = service;
    if (scheduledTo !== null) {
      return { decidedToMs: scheduledTo.getTime(), pending: await this.#pending(serviceId) };
    }
    const isBegun = await this.#gate.transaction(async (tx) => {
      await skipPending(tx, serviceId, 'the service was stopped, or its schedule changed, before it began');
      const begun = { scheduledTo: new Date(nowMs) };
      const { count } = await tx.service.updateMany({ where: { id: serviceId }, data: begun });
      return count === 1;
    });
    return isBegun ? { decidedToMs: nowMs, pending: [] } : null;
  }

  /** Stores what has been decided with the new position. `false`, and nothing stored, where the position was another. */
  async step(serviceId: number, step: ScheduleStep): Promise<boolean> {
    return this.#gate.transaction(async (tx) => {
      const { count } = await tx.service.updateMany({
        where: { id: serviceId, scheduledTo: new Date(step.fromMs) },
        data: { scheduledTo: new Date(step.toMs) },
      });
      if (count === 0) return false;
      for (const run of step.runs) await decide(tx, serviceId, run, step.decidedAtMs);
      await forgetOldest(tx, serviceId);
      return true;
    });
  }

  /** Says what became of a run that was to become a job. Nothing where it is not pending any more. */
  async settle(serviceId: number, dueAtMs: number, end: PendingRunEnd): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.scheduledRun.updateMany({
        where: { ...PENDING, serviceId, dueAt: new Date(dueAtMs) },
        data: end,
      }),
    );
  }

  /** What was to become a job is skipped. */
  async skipPending(serviceId: number, why: string): Promise<void> {
    await this.#gate.transaction((tx) => skipPending(tx, serviceId, why));
  }

  /** The job that a run has become, whether or not its row knows; `null` for none. */
  async jobOf(serviceId: number, dueAtMs: number): Promise<JobId | null> {
    const key = { serviceId, dueAt: new Date(dueAtMs) };
    const row = await this.#read.job.findUnique({ where: { serviceId_dueAt: key }, select: { id: true } });
    return row?.id ?? null;
  }

  /** The jobs of the service that have not ended, oldest first. */
  async unfinishedRuns(serviceId: number): Promise<readonly JobId[]> {
    const rows = await this.#read.job.findMany({
      where: { serviceId, status: { in: ['QUEUED', ...ACTIVE_STATUSES] } },
      orderBy: { id: 'asc' },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  async #pending(serviceId: number): Promise<SchedulePosition['pending']> {
    const rows = await this.#read.scheduledRun.findMany({
      where: { ...PENDING, serviceId },
      orderBy: { dueAt: 'asc' },
    });
    return rows.map(({ dueAt, decidedAt, outcome }) => ({
      dueAtMs: dueAt.getTime(),
      decidedAtMs: decidedAt.getTime(),
      outcome: outcome as PendingOutcome,
    }));
  }
}

/** One row for each moment: a run that is decided once more was pending, and is not to begin. */
async function decide(
  tx: Prisma.TransactionClient,
  serviceId: number,
  { dueAtMs, outcome, why }: DecidedRun,
  decidedAtMs: number,
): Promise<void> {
  const key = { serviceId, dueAt: new Date(dueAtMs) };
  const data = { outcome, why, decidedAt: new Date(decidedAtMs) };
  const known = await tx.scheduledRun.updateMany({ where: { ...PENDING, ...key }, data });
  if (known.count > 0) return;
  await tx.scheduledRun.upsert({
    where: { serviceId_dueAt: key },
    create: { ...key, ...data },
    // It came before the wall clock was set back by days: it has had its run, or its reason.
    update: {},
  });
}

async function skipPending(tx: Prisma.TransactionClient, serviceId: number, why: string): Promise<void> {
  await tx.scheduledRun.updateMany({ where: { ...PENDING, serviceId }, data: { outcome: 'SKIPPED', why } });
}

async function forgetOldest(tx: Prisma.TransactionClient, serviceId: number): Promise<void> {
  const last = await tx.scheduledRun.findFirst({
    where: { serviceId },
    orderBy: { dueAt: 'desc' },
    skip: ROWS_KEPT,
    select: { dueAt: true },
  });
  if (last === null) return;
  await tx.scheduledRun.deleteMany({ where: { serviceId, dueAt: { lte: last.dueAt }, NOT: PENDING } });
}
