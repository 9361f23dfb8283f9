import type { Clock } from '../../domain/clock.ts';
import { ConflictError, JobNotFoundError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import { isFinal, type JobStatus } from '../../domain/job-status.ts';
import { mayHaveJob } from '../../domain/service-life.ts';
import type { RetryStore } from '../../storage/retry-store.ts';
import type { ScheduledRunStore } from '../../storage/scheduled-run-store.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { ServiceStore } from '../../storage/service-store.ts';
import type { JobChangeBus } from '../job-change-bus.ts';
import type { StartJobRequest } from '../job-request.ts';
import { withKept } from '../secret-env.ts';
import type { Supervisor } from '../supervisor.ts';
import { RunRetries } from './run-retries.ts';
import { Scheduler } from './scheduler.ts';
import type { ServiceBook } from './service-book.ts';
import type { ServiceLog } from './service-log.ts';
import { serviceRequest } from './service-request.ts';

export interface ServiceRunsPorts {
  readonly store: Pick<ServiceStore, 'definition' | 'jobs' | 'unfinishedRuns'>;
  readonly schedules: ScheduledRunStore;
  readonly retries: RetryStore;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: ServiceLog;
  /** Borrowed. */
  readonly book: ServiceBook;
  readonly jobs: Pick<Supervisor, 'startServiceJob' | 'retryJob' | 'cancelJob'>;
  /** Rings for the ids of services. */
  readonly changes: JobChangeBus;
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
    const { schedules, retries, clock, random, log, store, jobs } = ports;
    this.#scheduler = new Scheduler({
      store: schedules,
      starter: {
        startRun: async (serviceId, dueAtMs) => this.#startDue(serviceId, dueAtMs),
        cancelRun: (jobId, requestedBy) => jobs.cancelJob(jobId, { requestedBy }),
      },
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
      startRetry: async (jobId) => this.#retry(jobId),
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

  /**
   * Makes a job of a service on demand.
   * @param changes what is to be different, and the requestId
   * @throws ServiceNotFoundError, ConflictError while it is kept up; and what `startJob` throws
   */
  async runOnDemand(name: string, changes: StartJobRequest, tokenId: number | null): Promise<JobId> {
    const service = this.#ports.book.get(name);
    const { definition, life } = service;
    if (definition.schedule === null && (life.desired === 'UP' || mayHaveJob(life.state)))
      throw new ConflictError(`${name} is kept up (${life.state}). Use restartService, or stop it first.`);
    return this.#run(service, changes, { trigger: 'REQUEST', tokenId });
  }

  /**
   * Runs a job of a service once more, with the newest version of its definition instead of what it ran.
   * @throws JobNotFoundError, ServiceNotFoundError, ConflictError where it is no job of a service; and what `startJob` throws
   */
  async rerunWithNewest(jobId: JobId, changes: StartJobRequest, tokenId: number | null): Promise<JobId> {
    const [job] = await this.#ports.store.jobs([jobId]);
    if (job === undefined) throw new JobNotFoundError(jobId);
    if (job.serviceName === null)
      throw new ConflictError(
        `Job ${String(jobId)} is not of a service, so there is no newer definition of it.`,
      );
    const origin = { trigger: 'RERUN', tokenId, rerunOfId: jobId, attempt: job.attempt + 1 } as const;
    return this.#run(this.#ports.book.get(job.serviceName), changes, origin);
  }

  /** A job has changed, one of them or another. */
  hear(jobId: JobId): void {
    if (!this.#unfinished.has(jobId)) return;
    this.#lookAt(jobId).catch((error: unknown) => {
      const what = 'whether it has ended could not be looked up';
      this.#ports.log.failure(`of job ${String(jobId)}`, what, error);
    });
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
    for (const [jobId] of running)
      await this.#ports.jobs.cancelJob(jobId, { requestedBy: `the service ${name}: ${why}` });
    // One may have failed by itself meanwhile.
    await this.#retries.drop(id);
  }

  /** What waits goes on waiting for the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scheduler[Symbol.asyncDispose]();
    await this.#retries[Symbol.asyncDispose]();
  }

  /** @throws ConflictError where something that it comes after is not so */
  async #startDue(serviceId: number, dueAtMs: number): Promise<JobId> {
    const { book } = this.#ports;
    const service = book.byId(serviceId);
    const why = book.blockedBy(service.definition);
    if (why !== null) throw new ConflictError(why);
    return this.#run(service, {}, { trigger: 'SCHEDULE', dueAtMs });
  }

  async #retry(jobId: JobId): Promise<JobId> {
    const [job] = await this.#ports.store.jobs([jobId]);
    const retryId = await this.#ports.jobs.retryJob(jobId);
    if (job?.serviceId != null) this.#began(retryId, job.serviceId);
    return retryId;
  }

  async #run(
    { id, name, version, definition }: ServiceRecord,
    changes: StartJobRequest,
    origin: Omit<Parameters<Supervisor['startServiceJob']>[1], 'service'>,
  ): Promise<JobId> {
    const env = changes.env === undefined ? {} : { env: withKept(changes.env, definition.env) };
    const request = { ...serviceRequest(name, definition), ...changes, ...env };
    const jobId = await this.#ports.jobs.startServiceJob(request, {
      ...origin,
      service: { id, name, version, run: null },
    });
    this.#began(jobId, id);
    return jobId;
  }

  #began(jobId: JobId, serviceId: number): void {
    this.#unfinished.set(jobId, serviceId);
    this.#ports.changes.notify(serviceId);
    // It may be over by now, and nobody would hear of it again.
    this.hear(jobId);
  }

  async #lookAt(jobId: JobId): Promise<void> {
    const [job] = await this.#ports.store.jobs([jobId]);
    const serviceId = this.#unfinished.get(jobId);
    if (serviceId === undefined || (job !== undefined && !isFinal(job.status as JobStatus))) return;
    this.#unfinished.delete(jobId);
    this.#retries.runEnded(jobId);
    this.#scheduler.runEnded(serviceId);
  }
}
