import type { JobId } from '../../../src/domain/job-id.ts';
import type { JobStatus } from '../../../src/domain/job-status.ts';
import type { PendingOutcome, PendingRun } from '../../../src/domain/scheduled-run.ts';
import { PENDING_OUTCOMES } from '../../../src/domain/scheduled-run.ts';
import type {
  PendingRunEnd,
  SchedulePosition,
  ScheduleStep,
} from '../../../src/storage/scheduled-run-records.ts';
import { ScheduledRunStore } from '../../../src/storage/scheduled-run-store.ts';
import { DataDirectory } from '../../../src/storage/data-directory.ts';
import { Database } from '../../../src/storage/database.ts';
import type { RunStarter, ScheduleStore } from '../../../src/supervisor/services/scheduler-ports.ts';
import { ScratchDirectory } from '../../end-to-end/harness/scratch-directory.ts';

/** A row of the history, as it is asserted. */
export interface SeenRun {
  readonly dueAtMs: number;
  readonly outcome: string;
  readonly why: string | null;
  readonly jobId: JobId | null;
}

/** What outlives a server: the rows, and the jobs that it made. */
export interface Backend extends AsyncDisposable {
  readonly store: ScheduleStore;
  readonly starter: RunStarter;
  /** A service that is desired UP, and begins now. */
  addService(): Promise<number>;
  /** The position goes, as when the service is stopped. */
  forgetPosition(serviceId: number): Promise<void>;
  endJob(jobId: JobId, status: JobStatus): Promise<void>;
  rows(serviceId: number): Promise<SeenRun[]>;
  /** Jobs by schedule, by when they were due; ended or not. */
  jobs(serviceId: number): Promise<{ readonly jobId: JobId; readonly dueAtMs: number }[]>;
  readonly cancelled: { readonly jobId: JobId; readonly requestedBy: string }[];
}

/** The tables of the real database, with jobs that are rows and no more. */
export class SqliteBackend implements Backend {
  readonly #scratch: ScratchDirectory;
  readonly database: Database;
  readonly store: ScheduleStore;
  readonly cancelled: { jobId: JobId; requestedBy: string }[] = [];
  readonly starter: RunStarter = {
    startRun: async (serviceId, dueAtMs) => {
      const data = { ...jobRow('SCHEDULE'), serviceId, dueAt: new Date(dueAtMs) };
      const { id } = await this.database.gate.transaction((tx) => tx.job.create({ data }));
      return id;
    },
    cancelRun: (jobId, requestedBy) => {
      this.cancelled.push({ jobId, requestedBy });
      return Promise.resolve();
    },
  };
  #services = 0;

  private constructor(scratch: ScratchDirectory, database: Database) {
    this.#scratch = scratch;
    this.database = database;
    this.store = new ScheduledRunStore(database.read, database.gate);
  }

  static async open(): Promise<SqliteBackend> {
    const scratch = new ScratchDirectory();
    return new SqliteBackend(scratch, await Database.open(DataDirectory.prepare(scratch.file('data'))));
  }

  async addService(): Promise<number> {
    this.#services += 1;
    const at = new Date();
    const name = `service-${String(this.#services)}`;
    const data = { name, version: 1, createdAt: at, desired: 'UP', state: 'SCHEDULED', since: at };
    return (await this.database.gate.transaction((tx) => tx.service.create({ data }))).id;
  }

  async forgetPosition(id: number): Promise<void> {
    await this.database.gate.transaction((tx) =>
      tx.service.update({ where: { id }, data: { scheduledTo: null } }),
    );
  }

  async endJob(id: JobId, status: JobStatus): Promise<void> {
    await this.database.gate.transaction((tx) => tx.job.update({ where: { id }, data: { status } }));
  }

  async rows(serviceId: number): Promise<SeenRun[]> {
    const rows = await this.database.read.scheduledRun.findMany({
      where: { serviceId },
      orderBy: { dueAt: 'asc' },
    });
    return rows.map(({ dueAt, outcome, why, jobId }) => ({ dueAtMs: dueAt.getTime(), outcome, why, jobId }));
  }

  async jobs(serviceId: number): Promise<{ jobId: JobId; dueAtMs: number }[]> {
    const rows = await this.database.read.job.findMany({
      where: { serviceId, dueAt: { not: null } },
      orderBy: { id: 'asc' },
    });
    return rows.map(({ id, dueAt }) => ({ jobId: id, dueAtMs: dueAt?.getTime() ?? NaN }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    this.#scratch[Symbol.dispose]();
  }
}

/** A job's row with what every row has. */
export function jobRow(trigger: string) {
  return {
    trigger,
    status: 'RUNNING',
    reason: 'NONE',
    command: '[]',
    cwd: '/',
    env: '[]',
    labels: '[]',
    gracePeriodMs: 0,
    onEnd: 'WAIT',
    queuedAt: new Date(),
  };
}

interface MemoryRow {
  dueAtMs: number;
  decidedAtMs: number;
  outcome: string;
  why: string | null;
  jobId: JobId | null;
}

/** The same in memory, for many runs in little time; of its rows none is forgotten. One service. */
export class MemoryBackend implements Backend {
  readonly #rows = new Map<number, MemoryRow>();
  readonly #jobs = new Map<number, JobId>();
  readonly #unfinished = new Set<JobId>();
  readonly #pending = new Map<number, MemoryRow>();
  readonly cancelled: { jobId: JobId; requestedBy: string }[] = [];
  #decidedToMs: number | null = null;
  /** Where jobs end as soon as they begin. */
  endsAtOnce = false;

  readonly store: ScheduleStore = {
    open: (_, nowMs) => {
      if (this.#decidedToMs === null) {
        this.#skipPending('the service was stopped, or its schedule changed, before it began');
        this.#decidedToMs = nowMs;
      }
      const position: SchedulePosition = { decidedToMs: this.#decidedToMs, pending: this.#pendingRuns() };
      return Promise.resolve(position);
    },
    step: (_, step) => Promise.resolve(this.#step(step)),
    settle: (_, dueAtMs, end) => {
      this.#settle(dueAtMs, end);
      return Promise.resolve();
    },
    skipPending: (_, why) => {
      this.#skipPending(why);
      return Promise.resolve();
    },
    jobOf: (_, dueAtMs) => Promise.resolve(this.#jobs.get(dueAtMs) ?? null),
    unfinishedRuns: () => Promise.resolve([...this.#unfinished]),
  };

  readonly starter: RunStarter = {
    startRun: (_, dueAtMs) => {
      if (this.#jobs.has(dueAtMs)) return Promise.reject(new Error(`${String(dueAtMs)} has its job`));
      const jobId = this.#jobs.size + 1;
      this.#jobs.set(dueAtMs, jobId);
      if (!this.endsAtOnce) this.#unfinished.add(jobId);
      return Promise.resolve(jobId);
    },
    cancelRun: (jobId, requestedBy) => {
      this.cancelled.push({ jobId, requestedBy });
      return Promise.resolve();
    },
  };

  addService(): Promise<number> {
    return Promise.resolve(1);
  }

  forgetPosition(): Promise<void> {
    this.#decidedToMs = null;
    return Promise.resolve();
  }

  endJob(jobId: JobId): Promise<void> {
    this.#unfinished.delete(jobId);
    return Promise.resolve();
  }

  rows(): Promise<SeenRun[]> {
    return Promise.resolve([...this.#rows.values()].sort((a, b) => a.dueAtMs - b.dueAtMs));
  }

  jobs(): Promise<{ jobId: JobId; dueAtMs: number }[]> {
    return Promise.resolve([...this.#jobs].map(([dueAtMs, jobId]) => ({ jobId, dueAtMs })));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #step({ fromMs, toMs, decidedAtMs, runs }: ScheduleStep): boolean {
    if (this.#decidedToMs !== fromMs) return false;
    this.#decidedToMs = toMs;
    for (const run of runs) {
      const known = this.#rows.get(run.dueAtMs);
      if (known !== undefined && !this.#pending.has(run.dueAtMs)) continue;
      const row = { ...run, decidedAtMs, jobId: null };
      this.#rows.set(run.dueAtMs, row);
      this.#keepPending(row);
    }
    return true;
  }

  #settle(dueAtMs: number, end: PendingRunEnd): void {
    const row = this.#pending.get(dueAtMs);
    if (row === undefined) return;
    Object.assign(row, end);
    this.#keepPending(row);
  }

  #skipPending(why: string): void {
    for (const { dueAtMs } of this.#pendingRuns()) this.#settle(dueAtMs, { outcome: 'SKIPPED', why });
  }

  #keepPending(row: MemoryRow): void {
    const isPending = row.jobId === null && PENDING_OUTCOMES.some((outcome) => outcome === row.outcome);
    if (isPending) this.#pending.set(row.dueAtMs, row);
    else this.#pending.delete(row.dueAtMs);
  }

  #pendingRuns(): PendingRun[] {
    return [...this.#pending.values()]
      .sort((a, b) => a.dueAtMs - b.dueAtMs)
      .map((row) => ({ ...row, outcome: row.outcome as PendingOutcome }));
  }
}
