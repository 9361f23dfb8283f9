import { setMaxListeners } from 'node:events';
import type { JobId } from '../domain/job-id.ts';
import type { JobQueuePlace } from '../domain/job-queue-place.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { JobStatus } from '../domain/job-status.ts';
import type { LogEventBus } from '../logs/log-event-bus.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { EndRequest } from './end-request.ts';
import type { JobChangeBus } from './job-change-bus.ts';
import { JobLife } from './job-life.ts';
import { JobQueue } from './job-queue.ts';
import { JobRun } from './job-run.ts';
import type { JobRunPorts } from './job-run-ports.ts';
import { OomKills } from './oom-kills.ts';
import { waitsForDisk } from './queue-place.ts';
import type { StartLimits } from './start-limits.ts';
import type { ResumedRun } from './resumed-run.ts';

/** How long a stop waits for launches that have begun, so that none of them is lost half-way. */
const LAUNCH_LIMIT_MS = 3_000;

/** A job that has not ended, as it stands. */
export interface JobStanding {
  readonly jobId: JobId;
  readonly spec: JobSpec;
  readonly status: JobStatus;
  readonly transitionCount: number;
}

export interface JobRunsPorts {
  readonly dataDirectory: DataDirectory;
  readonly bus: LogEventBus;
  readonly changes: JobChangeBus;
  /** Those of each run; the others are added here. */
  readonly run: Omit<JobRunPorts, 'released' | 'oomKills' | 'queue'>;
  readonly limits: StartLimits;
  /** How many jobs may be in the active map at once; the others wait. */
  readonly maxRunning: number;
  /** While it is low, none leaves the queue. */
  readonly disk: Pick<DiskGuard, 'why'>;
}

/**
 * The runs of all jobs that have not ended, and the queue in front of them. Each has its channel from here on.
 *
 * States: filled at the start (`resume`, `enqueue`) → `startQueued` and each end let jobs out of the queue → `close`
 * (nothing leaves it any more) → `release` or `endAll`.
 */
export class JobRuns {
  readonly #ports: JobRunsPorts;
  readonly #runPorts: JobRunPorts;
  readonly #released = new AbortController();
  readonly #runs = new Map<JobId, JobRun>();
  readonly #queue: JobQueue;
  /** Of each job that has left the queue: resolves when it is over, or let go. */
  readonly #ending = new Map<JobId, Promise<void>>();

  constructor(ports: JobRunsPorts) {
    this.#ports = ports;
    this.#queue = new JobQueue(ports.maxRunning);
    this.#runPorts = {
      ...ports.run,
      queue: this.#queue,
      oomKills: OomKills.find(),
      released: this.#released.signal,
    };
    setMaxListeners(0, this.#released.signal); // Each job waits on it: many are no leak.
  }

  get(jobId: JobId): JobRun | undefined {
    return this.#runs.get(jobId);
  }

  get queued(): number {
    return this.#queue.size;
  }

  get active(): number {
    return this.#queue.active;
  }

  /** Where a job stands in the queue now; `undefined` where it is not in it. */
  placeOf(jobId: JobId): JobQueuePlace | undefined {
    const place = this.#queue.placeOf(jobId);
    const why = place === undefined ? null : this.#ports.disk.why;
    return place === undefined || why === null ? place : waitsForDisk(place.position, why);
  }

  /**
   * Puts a job in the queue. It has a channel and can be ended from here on.
   * @param place its place among the jobs of its token. Default: that of a job which a former server accepted
   */
  enqueue(job: JobStanding, place = this.#resumedPlace(job)): void {
    this.#open(job, place);
    this.#queue.add(job.jobId, job.spec);
  }

  /** Goes on with a job that had left the queue under a former server. */
  resume(job: JobStanding, former: ResumedRun): void {
    this.#follow(job.jobId, this.#open(job, this.#resumedPlace(job)).resume(former));
  }

  /** Jobs leave the queue in their order, as long as there are any that may. */
  startQueued(): void {
    if (this.#queue.size === 0 || this.#ports.disk.why !== null) return;
    for (let jobId = this.#queue.take(); jobId !== undefined; jobId = this.#queue.take()) {
      const run = this.#runs.get(jobId);
      if (run !== undefined) this.#follow(jobId, run.run());
    }
  }

  /** Ends a job, waiting or not; returns when the intent is stored. */
  async end(jobId: JobId, run: JobRun, request: EndRequest): Promise<void> {
    const wasQueued = this.#queue.delete(jobId);
    try {
      await run.requestEnd(request);
    } finally {
      if (wasQueued) this.#runs.delete(jobId);
    }
  }

  /** Nothing leaves the queue any more. */
  close(): void {
    this.#queue.close();
  }

  /** Ends one, since the server stops; resolves when it is over. */
  async endAtStop(jobId: JobId): Promise<void> {
    const run = this.#runs.get(jobId);
    if (run === undefined) return;
    await this.end(jobId, run, {
      reason: 'SERVER_STOPPED',
      gracePeriodMs: run.spec.gracePeriodMs,
      requestedBy: 'the stop of the server',
      requestedAtMs: Date.now(),
    });
    await this.#ending.get(jobId);
  }

  /** Ends all of them, each within its grace period; resolves when they are over. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#runs.keys()].map((jobId) => this.endAtStop(jobId)));
    await Promise.all(this.#ending.values());
  }

  /** A job on its way to its gate would be lost; it takes milliseconds. */
  async launchesDone(): Promise<void> {
    const limitMs = performance.now() + LAUNCH_LIMIT_MS;
    for (const run of this.#runs.values()) {
      while (run.status === 'STARTING' && performance.now() < limitMs) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  /** Lets go of all of them: what runs goes on without this server, what waits keeps its place. */
  async release(): Promise<void> {
    this.#released.abort();
    await Promise.all(this.#ending.values());
    for (const run of this.#runs.values()) run.release();
    this.#runs.clear();
  }

  #resumedPlace({ spec }: JobStanding): Disposable {
    return this.#ports.limits.resume(spec.tokenId);
  }

  #open({ jobId, spec, status, transitionCount }: JobStanding, place: Disposable): JobRun {
    const { dataDirectory, bus, changes } = this.#ports;
    const { jobs, log, released, pass } = this.#runPorts;
    const directory = dataDirectory.jobDirectory(jobId);
    const life = new JobLife(
      jobId,
      { directory, jobs, changes, released, log, pass },
      status,
      transitionCount,
    );
    const run = new JobRun(this.#runPorts, life, directory, spec, place, bus.open(jobId));
    this.#runs.set(jobId, run);
    return run;
  }

  #follow(jobId: JobId, running: Promise<void>): void {
    const ended = running.finally(() => {
      this.#ending.delete(jobId);
      this.#runs.delete(jobId);
      this.startQueued();
    });
    this.#ending.set(jobId, ended);
  }
}
