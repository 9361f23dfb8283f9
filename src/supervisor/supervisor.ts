import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import { ConflictError, JobNotFoundError, ServerStoppingError } from '../domain/errors.ts';
import type { PlainEnvEntry } from '../domain/env-entry.ts';
import type { JobId } from '../domain/job-id.ts';
import type { JobQueuePlace } from '../domain/job-queue-place.ts';
import type { JobSignal } from '../domain/job-signal.ts';
import { DEFAULT_MAX_LOG_BYTES } from '../domain/log-limit.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { LogEventBus } from '../logs/log-event-bus.ts';
import type { HolePuncher } from '../logs/hole-puncher.ts';
import type { LogMasks } from '../logs/log-masks.ts';
import { LogSettler } from '../logs/log-settler.ts';
import type { LoopShare } from '../logs/loop-share.ts';
import type { DataDirectory, JobDirectoryListing } from '../storage/data-directory.ts';
import { readSpec } from '../storage/job-files.ts';
import { JobIds } from '../storage/job-ids.ts';
import type { JobStore } from '../storage/job-store.ts';
import type { RetentionStore } from '../storage/retention-store.ts';
import type { SecretBox } from '../storage/secret-keys.ts';
import type { Containment } from './containment.ts';
import type { ErrandPlace } from './errand.ts';
import type { DiskGuard } from './disk-guard.ts';
import { FamilyWatch } from './family-watch.ts';
import { Breather } from './breather.ts';
import { specOfRow } from './former-run.ts';
import { JobChangeBus } from './job-change-bus.ts';
import { JobIntake } from './job-intake.ts';
import { JobRemoval } from './job-removal.ts';
import {
  changedRequest,
  checkedDuration,
  checkedEnv,
  COOKIE_NAME,
  FIRST_RUN,
  type JobOrigin,
  type StartJobRequest,
} from './job-request.ts';
import { JobRuns } from './job-runs.ts';
import type { JobUser } from './job-user.ts';
import type { LogPressure } from './job-logs.ts';
import type { Launcher } from './launcher.ts';
import { ProcessTable } from './process-table.ts';
import { reconcile } from './reconcile.ts';
import { sealedEnv } from './secret-env.ts';
import type { Rebuild, Reconciliation } from './reconciliation.ts';
import type { StartLimits } from './start-limits.ts';
import type { SupervisorLog } from './supervisor-log.ts';

export interface SupervisorOptions {
  readonly dataDirectory: DataDirectory;
  readonly jobs: JobStore;
  readonly retained: RetentionStore;
  readonly bus: LogEventBus;
  /** Borrowed: of all who read logs. */
  readonly share: LoopShare;
  /** Borrowed: for the logs that reach their caps. */
  readonly puncher: HolePuncher;
  readonly launcher: Launcher;
  readonly containment: Containment;
  readonly host: HostIdentity;
  readonly environment: readonly PlainEnvEntry[];
  /** Borrowed. */
  readonly secrets: SecretBox;
  /** Borrowed: of all who read logs. */
  readonly masks: LogMasks;
  /** Whom jobs run as. Default: the server's own user. */
  readonly user?: JobUser | null;
  readonly log: SupervisorLog;
  /** How many jobs may be in the active map at once; the others wait, by priority and then by id. */
  readonly maxRunning: number;
  /** The cap of the log of a job that says none. Default: 1 GiB. */
  readonly maxLogBytes?: number;
  /** Borrowed. */
  readonly startLimits: StartLimits;
  /** Borrowed. Default: there is always room. */
  readonly disk?: Pick<DiskGuard, 'check' | 'why' | 'onEnough'>;
  readonly pass?: PassCheckpoint;
  /** What is known of a database that had to be made anew; default: none had to. */
  readonly rebuild?: Rebuild | null;
  /** What is in the data directory, where somebody has begun to look already; on a long history that takes a while. */
  readonly listing?: Promise<JobDirectoryListing>;
}

const ENOUGH: Pick<DiskGuard, 'check' | 'why'> = { check: () => undefined, why: null };

/**
 * All jobs of this server: takes requests, keeps the queue, runs, ends, adopts. Alone in changing anything.
 *
 * States: made → `reconcile` → open for work → `stop`. Every job that has not ended has one `JobRun` here.
 */
export class Supervisor {
  readonly changes = new JobChangeBus();
  /** Takes finished jobs away. */
  readonly removal: JobRemoval;
  readonly #options: SupervisorOptions;
  readonly #table = new ProcessTable(COOKIE_NAME);
  readonly #intake: JobIntake;
  readonly #runs: JobRuns;
  #lastReconciliation: Reconciliation | null = null;
  #isStopping = false;

  private constructor(options: SupervisorOptions, jobIds: JobIds) {
    this.#options = options;
    const {
      dataDirectory,
      bus,
      jobs,
      launcher,
      containment,
      host,
      environment,
      user = null,
      log,
      share,
      maxRunning,
      startLimits: limits,
      disk = ENOUGH,
      pass = passUnwatched,
    } = options;
    this.#runs = new JobRuns({
      dataDirectory,
      bus,
      changes: this.changes,
      limits,
      maxRunning,
      disk,
      run: {
        jobs,
        launcher,
        containment,
        host,
        environment,
        secrets: options.secrets,
        masks: options.masks,
        user,
        log,
        share,
        settler: new LogSettler(),
        puncher: options.puncher,
        pass,
        table: this.#table,
        families: new FamilyWatch(this.#table),
      },
    });
    this.removal = new JobRemoval({
      dataDirectory,
      jobs,
      retained: options.retained,
      changes: this.changes,
      log,
      pass,
      isUnderWay: (jobId) => this.#runs.get(jobId) !== undefined,
    });
    this.#intake = new JobIntake({
      dataDirectory,
      jobs,
      jobIds,
      environment,
      user,
      limits,
      maxLogBytes: options.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES,
      disk,
      pass,
      onCreated: (jobId, spec, place) => {
        this.changes.notify(jobId);
        this.#runs.enqueue({ jobId, spec, status: 'QUEUED', transitionCount: 1 }, place);
        this.#runs.startQueued();
      },
    });
  }

  /** Jobs leave the queue that were held back for want of disk. */
  #goOnWhenThereIsDisk(disk: Pick<DiskGuard, 'onEnough'>): void {
    disk.onEnough(() => {
      this.#runs.startQueued();
    });
  }

  /** Compares what is recorded with reality, goes on with every job that has not ended, and is then open for work. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const { dataDirectory, jobs } = options;
    const listing = await (options.listing ?? dataDirectory.list());
    const buried = listing.tombstones.map(({ jobId }) => jobId);
    const highestInUse = Math.max(await jobs.highestJobId(), listing.jobIds.at(-1) ?? 0, ...buried);
    const supervisor = new Supervisor(options, new JobIds(dataDirectory, highestInUse));
    const ports = { ...options, table: supervisor.#table, pass: options.pass ?? passUnwatched };
    const { resumed, queued, reconciliation } = await reconcile(ports, listing);
    supervisor.#lastReconciliation = reconciliation;
    const breather = new Breather();
    for (const { former, ...job } of resumed) {
      supervisor.#runs.resume(job, former);
      await breather.pause();
    }
    for (const job of queued) supervisor.#runs.enqueue(job);
    supervisor.#runs.startQueued();
    if (options.disk !== undefined) supervisor.#goOnWhenThereIsDisk(options.disk);
    return supervisor;
  }

  /**
   * Accepts a job; it is stored and queued when this returns, and may already run.
   * @param tokenId the stored token that asks, whose limits hold; `null` for the server's own
   * @throws InvalidInputError, CommandNotFoundError, ConflictError (another request had the requestId), LimitExceededError,
   * DiskLowError, SecretsUnavailableError, ServerStoppingError
   */
  async startJob(request: StartJobRequest, tokenId: number | null = null): Promise<JobId> {
    return this.#accept(request, { ...FIRST_RUN, tokenId });
  }

  /**
   * Accepts a job of a service. A start of a service that is kept up, told by its number, makes one job: whoever asks for
   * it again must look first.
   * @throws what `startJob` throws
   */
  async startServiceJob(
    request: StartJobRequest,
    origin: Partial<JobOrigin> & Pick<JobOrigin, 'trigger' | 'service'>,
  ): Promise<JobId> {
    return this.#accept(request, { ...FIRST_RUN, ...origin });
  }

  /**
   * Runs a job once more, as a new job that names the first.
   * @param changes what is to be different; a command replaces a script and the other way round
   * @param tokenId as of `startJob`
   * @throws JobNotFoundError, and what `startJob` throws
   */
  async rerunJob(jobId: JobId, changes: StartJobRequest = {}, tokenId: number | null = null): Promise<JobId> {
    return this.#again(jobId, changes, { trigger: 'RERUN', tokenId });
  }

  /**
   * Tries a run of a service again, as it was. Of each job there is one retry: whoever asks for it again must look first.
   * @throws what `rerunJob` throws
   */
  async retryJob(jobId: JobId): Promise<JobId> {
    return this.#again(jobId, {}, { trigger: 'RETRY', tokenId: null });
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
   * Removes a finished job with its log, for good.
   * @throws JobNotFoundError, ConflictError if the job has not ended, or is pinned
   */
  async deleteJob(jobId: JobId): Promise<void> {
    await this.removal.delete(jobId);
  }

  /** Says whether retention leaves a job alone. @throws JobNotFoundError */
  async setJobPinned(jobId: JobId, pinned: boolean): Promise<void> {
    await this.removal.setPinned(jobId, pinned);
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
    await this.#runs.end(jobId, run, {
      reason: 'CANCEL_REQUESTED',
      gracePeriodMs: gracePeriodMs ?? run.spec.gracePeriodMs,
      requestedBy,
      requestedAtMs: Date.now(),
    });
  }

  /** In what a program is run beside that of a job; `null` while that does not run. */
  errandPlace(jobId: JobId): ErrandPlace | null {
    return this.#runs.get(jobId)?.errandPlace ?? null;
  }

  /** Whether the log of a job keeps within its bounds now; `null` where the job does not run. */
  logPressure(jobId: JobId): LogPressure | null {
    return this.#runs.get(jobId)?.logPressure ?? null;
  }

  get activeJobs(): number {
    return this.#runs.active;
  }

  get queuedJobs(): number {
    return this.#runs.queued;
  }

  /** Where a job stands in the queue now, and why it waits; `null` where it is not in it. */
  queuePlaceOf(jobId: JobId): JobQueuePlace | null {
    return this.#runs.placeOf(jobId) ?? null;
  }

  get lastReconciliation(): Reconciliation | null {
    return this.#lastReconciliation;
  }

  /** From now on `startJob` is refused and nothing more leaves the queue. */
  refuseWork(): void {
    this.#isStopping = true;
    this.#runs.close();
  }

  /** Ends a job, since the server stops; resolves when it is over. */
  async endAtStop(jobId: JobId): Promise<void> {
    await this.#runs.endAtStop(jobId);
  }

  /**
   * Lets go of every job: they go on without this server and are adopted by the next. With `cancel`, they are ended
   * first, each within its grace period.
   */
  async stop(mode: 'keep' | 'cancel'): Promise<void> {
    this.refuseWork();
    if (mode === 'cancel') await this.#runs.endAll();
    else await this.#runs.launchesDone();
    await this.#runs.release();
  }

  async #again(
    jobId: JobId,
    changes: StartJobRequest,
    origin: Pick<JobOrigin, 'trigger' | 'tokenId'>,
  ): Promise<JobId> {
    const row = await this.#options.jobs.findJob(jobId);
    if (row === null) throw new JobNotFoundError(jobId);
    const spec = readSpec(this.#options.dataDirectory.jobDirectory(jobId))?.spec ?? specOfRow(row);
    return this.#accept(changedRequest(spec, changes), {
      ...origin,
      rerunOfId: jobId,
      attempt: spec.attempt + 1,
      service: spec.service === null ? null : { ...spec.service, run: null },
    });
  }

  async #accept(request: StartJobRequest, origin: JobOrigin): Promise<JobId> {
    if (this.#isStopping) throw new ServerStoppingError();
    const { env, ...rest } = request;
    const sealed = env === undefined ? {} : { env: sealedEnv(checkedEnv(env), this.#options.secrets) };
    return this.#intake.accept({ ...rest, ...sealed }, origin);
  }
}
