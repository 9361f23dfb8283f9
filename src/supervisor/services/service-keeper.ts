import type { Clock } from '../../domain/clock.ts';
import { DiskLowError, LifelineError, ServerStoppingError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import { isFinal, type JobReason, type JobStatus } from '../../domain/job-status.ts';
import { type LifeRules, mayHaveJob, nextLife, type ServiceEvent } from '../../domain/service-life.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { KeptJobRecord, ServiceStore } from '../../storage/service-store.ts';
import type { ServiceLog } from './service-log.ts';
import type { OnSilence } from './silence-watch.ts';

/** How long it waits after a failure of its own, such as a database that is locked, before it looks again. */
const LOOK_AGAIN_MS = 1_000;

/** What the job of a service that runs is watched for. */
export interface RunWatchEvents {
  readonly onReadiness: (isReady: boolean, message: string) => void;
  readonly onDead: (message: string) => void;
  readonly onSilence: OnSilence;
}

export interface ServiceKeeperPorts {
  readonly store: Pick<ServiceStore, 'advance' | 'jobOfRun' | 'keptJob'>;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: ServiceLog;
  /** What the service waits for before it starts, in one sentence; `null` where nothing is in its way. */
  readonly blockedBy: (service: ServiceRecord) => string | null;
  /** Whether something that comes after it is going down, and has to be down first. */
  readonly isHeldUp: (service: ServiceRecord) => boolean;
  /** Makes the job of a start. @throws LifelineError where its definition cannot be run */
  readonly startJob: (service: ServiceRecord) => Promise<JobId>;
  /** Ends a job; a repeat changes nothing. */
  readonly cancelJob: (jobId: JobId, requestedBy: string) => Promise<void>;
  /** Probes what runs, until the guard is released. */
  readonly watch: (service: ServiceRecord, job: KeptJobRecord, events: RunWatchEvents) => Disposable;
  /** Whether it may be started now; so many are started at the same time, and it is poked when it is its turn. */
  readonly takesTurn: (service: ServiceRecord) => boolean;
  readonly onSilence: (service: ServiceRecord, ...facts: Parameters<OnSilence>) => void;
  /** Called after each change that is stored. */
  readonly onChanged: (service: ServiceRecord, before: ServiceRecord) => void;
}

interface Watch extends Disposable {
  readonly jobId: JobId;
}

/**
 * Keeps one service as it is desired. What happens becomes events; each is one step of its life, stored before anything is
 * done about it; what is done follows from where its life is and from nothing else.
 *
 * So a server that is killed between any two steps comes to the same at its next start: it looks at the stored life, and
 * at the jobs. Events are taken one after the other, in the order in which they came.
 */
export class ServiceKeeper implements Disposable {
  readonly #ports: ServiceKeeperPorts;
  #service: ServiceRecord;
  #turn: Promise<void> = Promise.resolve();
  #isLooking = false;
  #isReleased = false;
  #watch: Watch | null = null;
  #timer: Disposable | null = null;

  constructor(service: ServiceRecord, ports: ServiceKeeperPorts) {
    this.#service = service;
    this.#ports = ports;
  }

  get service(): ServiceRecord {
    return this.#service;
  }

  /** Something has happened. What cannot be stored is left to the next look, which sees it again. */
  post(event: ServiceEvent): void {
    void this.#enter(() => this.#take(event)).catch(() => undefined);
  }

  /** Somebody asks. Resolves when that is stored, and what follows from it is begun. @throws what keeps it from being stored */
  async ask(event: Extract<ServiceEvent, { readonly by: string }>): Promise<void> {
    await this.#enter(() => this.#take(event));
  }

  /** Looks at what is: its job, or what it comes after, may have changed. */
  poke(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#enter(async () => {
      this.#isLooking = false;
      await this.#goOn();
    }).catch(() => undefined);
  }

  /** Stores a new version of its definition, by `save`, between two steps. @throws what `save` throws */
  async redefine(save: (service: ServiceRecord) => Promise<ServiceRecord>): Promise<void> {
    await this.#enter(async () => {
      const before = this.#service;
      this.#service = await save(before);
      this.#ports.onChanged(this.#service, before);
      await this.#take({ kind: 'SAVED' });
    });
  }

  /** Resolves when what has come so far is done. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  /** Lets go of timers and probes. Its job goes on. */
  [Symbol.dispose](): void {
    this.#isReleased = true;
    this.#unwatch();
    this.#disarm();
  }

  async #enter(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (!this.#isReleased) await work();
    });
    this.#turn = turn.catch((error: unknown) => {
      const isTold = error instanceof LifelineError && !(error instanceof DiskLowError);
      if (isTold || this.#isReleased) return;
      this.#ports.log.failure(this.#service.name, 'a step of the service failed; it is tried again', error);
      this.#arm(LOOK_AGAIN_MS, () => this.poke());
    });
    await turn;
  }

  async #take(event: ServiceEvent): Promise<void> {
    await this.#step(event);
    await this.#goOn();
  }

  async #step(event: ServiceEvent): Promise<void> {
    const before = this.#service;
    const life = nextLife(before.life, event, this.#rules());
    if (life === before.life) return;
    this.#service = await this.#ports.store.advance(before, life, new Date(this.#ports.clock.nowMs()));
    this.#ports.onChanged(this.#service, before);
  }

  async #goOn(): Promise<void> {
    while (!this.#isReleased) {
      const event = await this.#look();
      if (event === null) return;
      const before = this.#service;
      await this.#step(event);
      if (this.#service === before) return;
    }
  }

  /** Does what has to be done where its life is. @returns what has happened, if anything has */
  async #look(): Promise<ServiceEvent | null> {
    const { life } = this.#service;
    if (life.state !== 'RUNNING' && life.state !== 'READY') this.#unwatch();
    if (life.state !== 'BACKOFF') this.#disarm();
    if (mayHaveJob(life.state)) return this.#lookAtJob();
    if (life.state === 'WAITING') {
      const why = this.#ports.blockedBy(this.#service);
      if (why !== null) return { kind: 'BLOCKED', why };
      return this.#ports.takesTurn(this.#service) ? { kind: 'DEPENDENCIES_MET' } : null;
    }
    if (life.state === 'BACKOFF' && this.#timer === null) {
      const longestMs = this.#service.definition.restart.maxDelayMs;
      const delayMs = (life.retryAtMs ?? 0) - this.#ports.clock.nowMs();
      // A wall clock that was set back must not make it wait for longer than it ever does.
      this.#arm(Math.max(0, Math.min(delayMs, longestMs)), () => this.post({ kind: 'RETRY_DUE' }));
    }
    return null;
  }

  async #lookAtJob(): Promise<ServiceEvent | null> {
    const { store } = this.#ports;
    const { id, life } = this.#service;
    if (life.jobId === null) {
      const made = await store.jobOfRun(id, life.runs);
      if (made !== null) return { kind: 'JOB_MADE', jobId: made };
      if (life.state === 'STOPPING')
        return { kind: 'LAUNCH_REFUSED', message: 'It had not been started yet.' };
      return this.#launch();
    }
    const { jobId } = life;
    const job = await store.keptJob(jobId);
    if (job === null || isFinal(job.status as JobStatus))
      return { kind: 'JOB_ENDED', jobId, end: endOf(job) };
    if (life.state === 'STOPPING') {
      // Each look at one that is being ended already would be a change to look at.
      if (job.status !== 'CANCELLING' && !this.#ports.isHeldUp(this.#service))
        await this.#ports.cancelJob(
          jobId,
          `the service ${this.#service.name}: ${life.why ?? 'it shall stop'}`,
        );
      return null;
    }
    if (job.status === 'QUEUED' || job.status === 'STARTING') return null;
    if (life.state === 'STARTING') return { kind: 'JOB_RUNS', jobId };
    this.#watchRun(job);
    return null;
  }

  async #launch(): Promise<ServiceEvent> {
    try {
      return { kind: 'JOB_MADE', jobId: await this.#ports.startJob(this.#service) };
    } catch (error) {
      if (!(error instanceof LifelineError) || error instanceof ServerStoppingError) throw error;
      const isHeld = error instanceof DiskLowError;
      return { kind: isHeld ? 'LAUNCH_HELD' : 'LAUNCH_REFUSED', message: error.message };
    }
  }

  #watchRun(job: KeptJobRecord): void {
    if (this.#watch?.jobId === job.id) return;
    this.#unwatch();
    const { clock, watch } = this.#ports;
    const jobId = job.id;
    const probes = watch(this.#service, job, {
      onReadiness: (isReady, message) => this.post({ kind: 'READINESS', jobId, isReady, message }),
      onDead: (message) => this.post({ kind: 'DEAD', jobId, message }),
      onSilence: (...facts) => {
        this.#ports.onSilence(this.#service, ...facts);
      },
    });
    const startedMs = job.startedAt?.getTime() ?? clock.nowMs();
    const { healthyAfterMs } = this.#service.definition.restart;
    const restMs = Math.max(0, Math.min(healthyAfterMs, startedMs + healthyAfterMs - clock.nowMs()));
    const health = clock.after(restMs, () => this.post({ kind: 'HEALTHY' }));
    this.#watch = {
      jobId,
      [Symbol.dispose]: () => {
        health[Symbol.dispose]();
        probes[Symbol.dispose]();
      },
    };
  }

  #unwatch(): void {
    const watch = this.#watch;
    this.#watch = null;
    watch?.[Symbol.dispose]();
  }

  #arm(delayMs: number, work: () => void): void {
    this.#disarm();
    this.#timer = this.#ports.clock.after(delayMs, () => {
      this.#timer = null;
      work();
    });
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  #rules(): LifeRules {
    const { restart, readiness, schedule } = this.#service.definition;
    return {
      restart,
      hasReadiness: readiness !== null,
      isScheduled: schedule !== null,
      nowMs: this.#ports.clock.nowMs(),
      random: this.#ports.random(),
    };
  }
}

function endOf(job: KeptJobRecord | null) {
  if (job === null) {
    const message = 'Its job was deleted, so nobody knows how it ended.';
    return { status: 'LOST', reason: 'IDENTITY_GONE', message, cause: null } as const;
  }
  return {
    status: job.status as JobStatus,
    reason: job.reason as JobReason,
    message: job.message,
    cause: job.requestedBy,
  };
}
