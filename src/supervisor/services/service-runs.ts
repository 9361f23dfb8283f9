import type { Clock } from '../../domain/clock.ts';
import type { JobId } from '../../domain/job-id.ts';
import { isFinal, type JobStatus } from '../../domain/job-status.ts';
import type { RetryStore } from '../../storage/retry-store.ts';
import type { ScheduledRunStore } from '../../storage/scheduled-run-store.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { ServiceStore } from '../../storage/service-store.ts';
import { RunRetries } from './run-retries.ts';
import { Scheduler } from './scheduler.ts';
import type { ServiceLog } from './service-log.ts';

export interface ServiceRunsPorts {
  readonly store: Pick<ServiceStore, 'definition' | 'jobs' | 'unfinishedRuns'>;
  readonly schedules: ScheduledRunStore;
  readonly retries: RetryStore;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: ServiceLog;
  /** @throws LifelineError */
  readonly startRun: (serviceId: number, dueAtMs: number) => Promise<JobId>;
  /** @throws LifelineError */
  readonly startRetry: (jobId: JobId, attempt: number) => Promise<JobId>;
  readonly cancelJob: (jobId: JobId, requestedBy: string) => Promise<void>;
}

/**
 * The runs of services on demand and by schedule: when they are due, and which of them are tried again. Each is a job of its
 * own; the job that keeps a service up is not among them.
 */
export class ServiceRuns implements AsyncDisposable {
  readonly #ports: ServiceRunsPorts;
  readonly #scheduler: Scheduler;
  readonly #retries: RunRetries;
  /** Those that have not ended, with their services. */
  readonly #unfinished = new Map<JobId, number>();

  constructor(ports: ServiceRunsPorts) {
    this.#ports = ports;
    const { schedules, retries, clock, random, log, startRun, startRetry, cancelJob, store } = ports;
    this.#scheduler = new Scheduler({
      store: schedules,
      starter: { startRun, cancelRun: cancelJob },
      clock,
      log,
    });
    this.#retries = new RunRetries({
      store: retries,
      clock,
      random,
      rulesOf: async ({ serviceId, serviceVersion }) =>
        serviceVersion === null
          ? null
          : ((await store.definition(serviceId, serviceVersion))?.restart ?? null),
      startRetry,
      failure: (jobId, what, error) => {
        log.failure(`of job ${String(jobId)}`, what, error);
      },
    });
  }

  /** Goes on with what a former server had begun. Called once, when jobs can be started. */
  async resume(services: Iterable<ServiceRecord>): Promise<void> {
    for (const { jobId, serviceId } of await this.#ports.store.unfinishedRuns())
      this.#unfinished.set(jobId, serviceId);
    await this.#retries.resume();
    for (const service of services) if (service.life.state === 'SCHEDULED') await this.keep(service);
  }

  /** A job that is one of them has been made. */
  began(jobId: JobId, serviceId: number): void {
    this.#unfinished.set(jobId, serviceId);
  }

  /** A job has changed, one of them or another. */
  async changed(jobId: JobId): Promise<void> {
    if (!this.#unfinished.has(jobId)) return;
    const [job] = await this.#ports.store.jobs([jobId]);
    const serviceId = this.#unfinished.get(jobId);
    if (serviceId === undefined || (job !== undefined && !isFinal(job.status as JobStatus))) return;
    this.#unfinished.delete(jobId);
    this.#retries.runEnded(jobId);
    this.#scheduler.runEnded(serviceId);
  }

  /** Keeps the schedule of a service from here on, or its new one. */
  async keep({ id, name, definition: { schedule } }: ServiceRecord): Promise<void> {
    if (schedule !== null) await this.#scheduler.keep({ id, name, schedule });
  }

  /** Nothing of the service begins or is tried again any more, and what runs is ended; resolves when that is asked for. */
  async drop({ id, name }: ServiceRecord, why: string): Promise<void> {
    await this.#scheduler.drop(id);
    await this.#retries.drop(id);
    const running = [...this.#unfinished].filter(([, serviceId]) => serviceId === id);
    for (const [jobId] of running) await this.#ports.cancelJob(jobId, `the service ${name}: ${why}`);
    // One may have failed by itself meanwhile.
    await this.#retries.drop(id);
  }

  /** What waits goes on waiting for the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scheduler[Symbol.asyncDispose]();
    await this.#retries[Symbol.asyncDispose]();
  }
}
