import { rmSync } from 'node:fs';
import { ConflictError, JobNotFoundError, ServerStoppingError } from '../domain/errors.ts';
import type { EnvEntry, JobSpec } from '../domain/job-spec.ts';
import type { JobId } from '../domain/job-id.ts';
import type { JobSignal } from '../domain/job-signal.ts';
import { isFinal, type JobStatus } from '../domain/job-status.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { LogEventBus } from '../logs/log-event-bus.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { createJobFiles, readSpec } from '../storage/job-files.ts';
import { JobIds } from '../storage/job-ids.ts';
import type { JobStore, TransitionRecord } from '../storage/job-store.ts';
import { ActiveJobs } from './active-jobs.ts';
import type { Containment } from './containment.ts';
import { FamilyWatch } from './family-watch.ts';
import { JobChangeBus } from './job-change-bus.ts';
import { JobLife } from './job-life.ts';
import {
  changedRequest,
  checkedDuration,
  completeRequest,
  COOKIE_NAME,
  fingerprint,
  FIRST_RUN,
  type JobOrigin,
  type StartJobRequest,
} from './job-request.ts';
import type { EndRequest } from './end-request.ts';
import { JobRun, type JobRunPorts } from './job-run.ts';
import type { Launcher } from './launcher.ts';
import { ProcessTable } from './process-table.ts';
import { reconcile, specOfRow, type Reconciliation } from './reconcile.ts';
import type { SupervisorLog } from './supervisor-log.ts';

/** How long a stop waits for launches that have begun, so that none of them is lost half-way. */
const LAUNCH_LIMIT_MS = 3_000;

export interface SupervisorOptions {
  readonly dataDirectory: DataDirectory;
  readonly jobs: JobStore;
  readonly bus: LogEventBus;
  readonly launcher: Launcher;
  readonly containment: Containment;
  readonly host: HostIdentity;
  readonly environment: readonly EnvEntry[];
  readonly log: SupervisorLog;
  /** How many jobs may be in the active map at once; the others wait in the order of their ids. */
  readonly maxRunning: number;
}

/**
 * All jobs of this server: takes requests, keeps the queue, runs, ends, adopts. Alone in changing anything.
 *
 * States: made → `reconcile` → open for work → `stop`. Every job that has not ended has one `JobRun` here.
 */
export class Supervisor {
  readonly changes = new JobChangeBus();
  readonly #options: SupervisorOptions;
  readonly #jobIds: JobIds;
  readonly #activeJobs = new ActiveJobs();
  readonly #released = new AbortController();
  readonly #runPorts: JobRunPorts;
  readonly #runs = new Map<JobId, JobRun>();
  readonly #queue = new Set<JobId>();
  readonly #ending = new Set<Promise<void>>();
  readonly #requests = new Map<string, Promise<unknown>>();
  #lastReconciliation: Reconciliation | null = null;
  #stopping = false;

  private constructor(options: SupervisorOptions, jobIds: JobIds) {
    this.#options = options;
    this.#jobIds = jobIds;
    const { jobs, launcher, containment, host, environment, log } = options;
    const table = new ProcessTable(COOKIE_NAME);
    this.#runPorts = {
      jobs,
      launcher,
      containment,
      families: new FamilyWatch(table),
      host,
      environment,
      log,
      table,
      activeJobs: this.#activeJobs,
      released: this.#released.signal,
    };
  }

  /** Compares what is recorded with reality, goes on with every job that has not ended, and is then open for work. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(
      options,
      new JobIds(options.dataDirectory, await options.jobs.highestJobId()),
    );
    const { dataDirectory, jobs, log, host } = options;
    const { resumed, queued, reconciliation } = await reconcile({ dataDirectory, jobs, log, host });
    supervisor.#lastReconciliation = reconciliation;
    for (const job of resumed) {
      const run = supervisor.#newRun(job.jobId, job.spec, job.status, job.transitionCount);
      supervisor.#follow(job.jobId, run.resume(job.former));
    }
    for (const job of queued) {
      supervisor.#newRun(job.jobId, job.spec, 'QUEUED', job.transitionCount);
      supervisor.#queue.add(job.jobId);
    }
    supervisor.#startQueued();
    return supervisor;
  }

  /**
   * Accepts a job; it is stored and queued when this returns, and may already run.
   * @throws InvalidInputError, CommandNotFoundError, ConflictError (another request had the requestId), ServerStoppingError
   */
  async startJob(request: StartJobRequest): Promise<JobId> {
    return this.#accept(request, FIRST_RUN);
  }

  /**
   * Runs a job once more, as a new job that names the first.
   * @param changes what is to be different; a command replaces a script and the other way round
   * @throws JobNotFoundError, and what `startJob` throws
   */
  async rerunJob(jobId: JobId, changes: StartJobRequest = {}): Promise<JobId> {
    const row = await this.#options.jobs.findJob(jobId);
    if (row === null) throw new JobNotFoundError(jobId);
    const spec = readSpec(this.#options.dataDirectory.jobDirectory(jobId))?.spec ?? specOfRow(row);
    return this.#accept(changedRequest(spec, changes), { rerunOfId: jobId, attempt: spec.attempt + 1 });
  }

  /**
   * Sends a signal to the program's process group. The job goes on, or ends by it: that is no cancel.
   * @throws JobNotFoundError, ConflictError if its program does not run
   */
  async signalJob(jobId: JobId, signal: JobSignal): Promise<void> {
    const run = this.#runs.get(jobId);
    if (run === undefined && (await this.#options.jobs.findJob(jobId)) === null)
      throw new JobNotFoundError(jobId);
    if (run?.signal(signal) !== true) {
      throw new ConflictError(
        `The program of job ${String(jobId)} does not run, so it cannot get ${signal}.`,
      );
    }
  }

  /**
   * Removes a finished job with its log, for good. The directory becomes a tombstone first, so that a server that dies
   * half-way finishes at its next start.
   * @throws JobNotFoundError, ConflictError if the job has not ended
   */
  async deleteJob(jobId: JobId): Promise<void> {
    const { jobs, dataDirectory } = this.#options;
    const row = await jobs.findJob(jobId);
    if (row === null) throw new JobNotFoundError(jobId);
    if (this.#runs.has(jobId) || !isFinal(row.status as JobStatus)) {
      throw new ConflictError(`Job ${String(jobId)} has not ended. Cancel it first, then delete it.`);
    }
    const tombstone = dataDirectory.bury(jobId);
    await jobs.deleteFinished(jobId);
    this.changes.notify(jobId);
    await tombstone.remove();
  }

  /**
   * Ends a job and what it started; returns when the intent is stored. A job that is over stays as it is; a repeat only
   * shortens the grace period.
   * @param options.gracePeriodMs milliseconds between TERM and KILL; default: the job's own; 0 kills at once
   * @throws JobNotFoundError, InvalidInputError
   */
  async cancelJob(
    jobId: JobId,
    options: { readonly gracePeriodMs?: number; readonly requestedBy?: string } = {},
  ): Promise<void> {
    const { gracePeriodMs, requestedBy = null } = options;
    if (gracePeriodMs !== undefined) checkedDuration(gracePeriodMs, 'gracePeriodMs', 0);
    const run = this.#runs.get(jobId);
    if (run === undefined) {
      if ((await this.#options.jobs.findJob(jobId)) === null) throw new JobNotFoundError(jobId);
      return;
    }
    await this.#end(jobId, run, {
      reason: 'CANCEL_REQUESTED',
      gracePeriodMs: gracePeriodMs ?? run.spec.gracePeriodMs,
      requestedBy,
      requestedAtMs: Date.now(),
    });
  }

  get activeJobs(): number {
    return this.#activeJobs.size;
  }

  get queuedJobs(): number {
    return this.#queue.size;
  }

  get lastReconciliation(): Reconciliation | null {
    return this.#lastReconciliation;
  }

  /** From now on `startJob` is refused and nothing more leaves the queue. */
  refuseWork(): void {
    this.#stopping = true;
  }

  /**
   * Lets go of every job: they go on without this server and are adopted by the next. With `cancel`, they are ended
   * first, each within its grace period.
   */
  async stop(mode: 'keep' | 'cancel'): Promise<void> {
    this.refuseWork();
    if (mode === 'cancel') await this.#cancelAll();
    else await this.#launchesDone();
    this.#released.abort();
    await Promise.all(this.#ending);
    for (const run of this.#runs.values()) run.release();
    this.#runs.clear();
  }

  async #accept(request: StartJobRequest, origin: JobOrigin): Promise<JobId> {
    if (this.#stopping) throw new ServerStoppingError();
    const { requestId } = request;
    if (requestId === undefined) return this.#create(request, origin, null);
    // One after the other for each requestId, so that of two at once the second finds the first.
    const turn = (this.#requests.get(requestId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(async () => {
        const digest = fingerprint(request, origin);
        const known = await this.#options.jobs.findByRequestId(requestId);
        if (known === null) return this.#create(request, origin, digest);
        if (known.requestFingerprint !== digest) {
          throw new ConflictError(
            `The requestId ${JSON.stringify(requestId)} belongs to job ${String(known.id)}, which was asked to run something else. Use a new one.`,
          );
        }
        return known.id;
      });
    this.#requests.set(requestId, turn);
    try {
      return await turn;
    } finally {
      if (this.#requests.get(requestId) === turn) this.#requests.delete(requestId);
    }
  }

  async #create(request: StartJobRequest, origin: JobOrigin, digest: string | null): Promise<JobId> {
    const { jobs, environment, dataDirectory } = this.#options;
    const spec = completeRequest(request, environment, origin);
    const jobId = this.#jobIds.next();
    const first: TransitionRecord = {
      number: 1,
      from: null,
      to: 'QUEUED',
      atMs: Date.now(),
      reason: 'NONE',
      cause: null,
    };
    const directory = dataDirectory.jobDirectory(jobId);
    try {
      createJobFiles(directory, spec, digest, first);
      await jobs.insertQueued(jobId, spec, digest, first);
    } catch (error) {
      // Whoever asked is told that there is no job: the next start of the server must not find one.
      rmSync(directory.path, { recursive: true, force: true });
      throw error;
    }
    this.changes.notify(jobId);
    this.#newRun(jobId, spec, 'QUEUED', 1);
    this.#queue.add(jobId);
    this.#startQueued();
    return jobId;
  }

  #newRun(jobId: JobId, spec: JobSpec, status: JobLife['status'], transitionCount: number): JobRun {
    const { dataDirectory, jobs, bus, log } = this.#options;
    const directory = dataDirectory.jobDirectory(jobId);
    const ports = { directory, jobs, changes: this.changes, released: this.#released.signal, log };
    const life = new JobLife(jobId, ports, status, transitionCount);
    const run = new JobRun(this.#runPorts, life, directory, spec, bus.open(jobId));
    this.#runs.set(jobId, run);
    return run;
  }

  /** Jobs leave the queue in order, as long as there is room. */
  #startQueued(): void {
    for (const jobId of this.#queue) {
      if (this.#stopping || this.#activeJobs.size >= this.#options.maxRunning) return;
      this.#queue.delete(jobId);
      const run = this.#runs.get(jobId);
      if (run !== undefined) this.#follow(jobId, run.run());
    }
  }

  #follow(jobId: JobId, running: Promise<void>): void {
    const ended = running.finally(() => {
      this.#ending.delete(ended);
      this.#runs.delete(jobId);
      this.#startQueued();
    });
    this.#ending.add(ended);
  }

  async #end(jobId: JobId, run: JobRun, request: EndRequest): Promise<void> {
    const wasQueued = this.#queue.delete(jobId);
    try {
      await run.requestEnd(request);
    } finally {
      if (wasQueued) this.#runs.delete(jobId);
    }
  }

  async #cancelAll(): Promise<void> {
    const requestedAtMs = Date.now();
    await Promise.all(
      [...this.#runs].map(([jobId, run]) =>
        this.#end(jobId, run, {
          reason: 'SERVER_STOPPED',
          gracePeriodMs: run.spec.gracePeriodMs,
          requestedBy: 'the stop of the server',
          requestedAtMs,
        }),
      ),
    );
    await Promise.all(this.#ending);
  }

  /** A job on its way to its gate would be lost; it takes milliseconds. */
  async #launchesDone(): Promise<void> {
    const limitMs = performance.now() + LAUNCH_LIMIT_MS;
    for (const run of this.#runs.values()) {
      while (run.status === 'STARTING' && performance.now() < limitMs) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
}
