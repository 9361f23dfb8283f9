import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../domain/clock.ts';
import { isMet, withDependencies, withDependents } from '../../domain/dependency-plan.ts';
import { ConflictError, JobNotFoundError, ServiceNotFoundError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import type { ServiceDefinition } from '../../domain/service-definition.ts';
import { mayHaveJob } from '../../domain/service-life.ts';
import type { RetryStore } from '../../storage/retry-store.ts';
import type { ScheduledRunStore } from '../../storage/scheduled-run-store.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { ServiceJobRecord, ServiceStore } from '../../storage/service-store.ts';
import { JobChangeBus } from '../job-change-bus.ts';
import type { StartJobRequest } from '../job-request.ts';
import type { Supervisor } from '../supervisor.ts';
import { checkDefinition, checkPlace, dependenciesOf, dependentsOf } from './service-checks.ts';
import { type RunWatchEvents, ServiceKeeper } from './service-keeper.ts';
import type { ServiceLog } from './service-log.ts';
import { serviceRequest } from './service-request.ts';
import { ServiceRuns } from './service-runs.ts';
import { untilServices, type ServiceGoal } from './until-services.ts';

/** How many services are started at the same time; the others wait for their turn. */
const STARTED_TOGETHER = 16;

/** What services need of the supervisor of jobs. */
export type ServiceJobs = Pick<
  Supervisor,
  'startServiceJob' | 'retryJob' | 'cancelJob' | 'endAtStop' | 'changes'
>;

export interface ServiceSupervisorOptions {
  readonly store: ServiceStore;
  readonly schedules: ScheduledRunStore;
  readonly retries: RetryStore;
  /** Borrowed. */
  readonly jobs: ServiceJobs;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: ServiceLog;
  /** Probes what runs, until the guard is released. */
  readonly watch: (service: ServiceRecord, job: ServiceJobRecord, events: RunWatchEvents) => Disposable;
}

/** Who asks, and how long that one waits. */
export interface ServiceOrder {
  /** For people: "the token deploy". */
  readonly by: string;
  /** Milliseconds until the answer says that it is not so yet. 0: do not wait. */
  readonly waitMs: number;
  /** Aborts when whoever asked has gone. */
  readonly signal: AbortSignal;
}

/**
 * All services: their definitions, what is desired of each, and a keeper for each that sees to it.
 *
 * States: `open` → open for work → `release` (their jobs go on, and the next server goes on with them).
 */
export class ServiceSupervisor implements AsyncDisposable {
  /** Rings for the ids of services. */
  readonly changes = new JobChangeBus();
  readonly #options: ServiceSupervisorOptions;
  readonly #keepers = new Map<string, ServiceKeeper>();
  /** What the keepers hold, by name, as it is now. */
  readonly #services = new Map<string, ServiceRecord>();
  readonly #byJob = new Map<JobId, ServiceKeeper>();
  readonly #runs: ServiceRuns;
  /** By name: those that are being started, and those that wait for that, in their order. */
  readonly #starting = new Set<string>();
  readonly #waitingForTurn = new Set<string>();
  /** By name: since when it has written nothing, in milliseconds since the Unix epoch. */
  readonly #silentSinceMs = new Map<string, number>();
  readonly #released = new AbortController();
  readonly #jobChanges: Disposable;
  /** Saves and deletions come one after the other: each looks at the others' definitions. */
  #defining: Promise<unknown> = Promise.resolve();

  private constructor(options: ServiceSupervisorOptions) {
    this.#options = options;
    const { jobs } = options;
    this.#runs = new ServiceRuns({
      ...options,
      startRun: async (serviceId, dueAtMs) => this.#startDue(serviceId, dueAtMs),
      startRetry: async (jobId) => this.#retry(jobId),
      cancelJob: (jobId, requestedBy) => jobs.cancelJob(jobId, { requestedBy }),
    });
    this.#jobChanges = jobs.changes.listen((jobId) => {
      this.#byJob.get(jobId)?.poke();
      void this.#hearOfRun(jobId);
    });
  }

  /** Goes on with every service where a former server left it. */
  static async open(options: ServiceSupervisorOptions): Promise<ServiceSupervisor> {
    const supervisor = new ServiceSupervisor(options);
    for (const service of await options.store.all()) supervisor.#keep(service);
    for (const keeper of supervisor.#keepers.values()) keeper.poke();
    await supervisor.#runs.resume(supervisor.#services.values());
    return supervisor;
  }

  /** By name, as they are now. */
  get services(): ReadonlyMap<string, ServiceRecord> {
    return this.#services;
  }

  /** Since when a service that runs has written nothing for longer than it may; `null` where it has not. */
  silentSinceMs(name: string): number | null {
    return this.#silentSinceMs.get(name) ?? null;
  }

  /** @throws ServiceNotFoundError */
  get(name: string): ServiceRecord {
    const service = this.#services.get(name);
    if (service === undefined) throw new ServiceNotFoundError(name);
    return service;
  }

  /**
   * Stores a definition: a new service, or a new version of one, unless nothing is different. What runs goes on; the new
   * version is that of the next start.
   * @throws InvalidInputError, ConflictError
   */
  async save(name: string, definition: ServiceDefinition, savedBy: string): Promise<ServiceRecord> {
    checkDefinition(name, definition);
    return this.#oneAfterAnother(async () => {
      checkPlace(name, definition, this.#services);
      const { store, clock } = this.#options;
      const at = new Date(clock.nowMs());
      const keeper = this.#keepers.get(name);
      if (keeper === undefined) {
        const service = await store.insert(name, definition, savedBy, at);
        this.#keep(service);
        this.changes.notify(service.id);
        return service;
      }
      if (!isDeepStrictEqual(keeper.service.definition, definition))
        await keeper.redefine((service) => store.save(service, definition, savedBy, at));
      if (keeper.service.life.state === 'SCHEDULED') await this.#runs.keep(keeper.service);
      return keeper.service;
    });
  }

  /**
   * Removes a service with its versions; its jobs stay.
   * @param options.stopFirst stops it before, if it is up
   * @throws ServiceNotFoundError, ConflictError where it is up, or others come after it; NotReadyError
   */
  async delete(
    name: string,
    { stopFirst, ...order }: ServiceOrder & { readonly stopFirst: boolean },
  ): Promise<number> {
    const { life } = this.get(name);
    if (life.desired === 'UP' || mayHaveJob(life.state)) {
      if (!stopFirst) throw new ConflictError(`${name} is ${life.state}. Stop it first, then delete it.`);
      await this.stop([name], order);
    }
    return this.#oneAfterAnother(async () => {
      const service = this.get(name);
      const [dependent] = dependentsOf(name, this.#services);
      if (dependent !== undefined)
        throw new ConflictError(`${dependent} comes after ${name}. Change it first.`);
      if (service.life.desired === 'UP' || mayHaveJob(service.life.state))
        throw new ConflictError(`${name} was started meanwhile. Stop it first, then delete it.`);
      await this.#options.store.delete(service.id);
      this.#keepers.get(name)?.[Symbol.dispose]();
      this.#keepers.delete(name);
      this.#services.delete(name);
      this.changes.notify(service.id);
      return service.id;
    });
  }

  /**
   * Wants the services up, and what they come after; resolves when each of `names` is.
   * @throws ServiceNotFoundError, ServiceFailedError, NotReadyError, ConflictError if somebody stops it meanwhile
   */
  async start(names: readonly string[], order: ServiceOrder): Promise<void> {
    const goal = this.#goalOf(names, 'UP');
    const all = withDependencies(dependenciesOf(this.#services), names);
    // What it comes after and has done its work is not done again.
    const isWanted = (name: string): boolean => names.includes(name) || !isUp(this.#services.get(name));
    await this.#tell(all.filter(isWanted), { kind: 'START', by: order.by });
    await this.#until(goal, order);
  }

  /**
   * Wants the services down, and what comes after them, which goes first; resolves when each of `names` is.
   * @throws ServiceNotFoundError, NotReadyError, ConflictError if somebody starts it meanwhile
   */
  async stop(names: readonly string[], order: ServiceOrder): Promise<void> {
    const goal = this.#goalOf(names, 'DOWN');
    const all = withDependents(dependenciesOf(this.#services), names);
    // Those that go first know it before those that wait for them.
    for (const name of all) await this.#tell([name], { kind: 'STOP', by: order.by });
    // What was to be tried again, or runs on demand, ends with the service, whether it was kept up or not.
    await Promise.all(all.map(async (name) => this.#runs.drop(this.get(name), `stopped by ${order.by}`)));
    await this.#until(goal, order);
  }

  /**
   * Ends the job of each service and starts a new one when it is over; one that is down is started. What comes after them
   * goes on. Resolves when the new ones are up.
   * @throws as `start`
   */
  async restart(names: readonly string[], order: ServiceOrder): Promise<void> {
    const goal = this.#goalOf(names, 'UP', { anew: true });
    await this.#tell(names, { kind: 'RESTART', by: order.by });
    await this.#until(goal, order);
  }

  /**
   * Makes a job of a service on demand.
   * @param changes what is to be different, and the requestId
   * @throws ServiceNotFoundError, ConflictError while it is kept up; and what `startJob` throws
   */
  async runOnDemand(name: string, changes: StartJobRequest, tokenId: number | null): Promise<JobId> {
    const service = this.get(name);
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
    const [job] = await this.#options.store.jobs([jobId]);
    if (job === undefined) throw new JobNotFoundError(jobId);
    if (job.serviceName === null)
      throw new ConflictError(
        `Job ${String(jobId)} is not of a service, so there is no newer definition of it.`,
      );
    const origin = { trigger: 'RERUN', tokenId, rerunOfId: jobId, attempt: job.attempt + 1 } as const;
    return this.#run(this.get(job.serviceName), changes, origin);
  }

  /**
   * Ends the jobs that keep services up, since the server stops: what comes after others goes first. What is wanted stays,
   * so that the next server starts them again.
   */
  async endAtStop(): Promise<void> {
    for (const keeper of this.#keepers.values()) keeper[Symbol.dispose]();
    const ended = new Map<string, Promise<unknown>>();
    for (const name of withDependents(dependenciesOf(this.#services), this.#services.keys())) {
      const before = dependentsOf(name, this.#services).map(async (dependent) => ended.get(dependent));
      const { jobId } = this.get(name).life;
      ended.set(
        name,
        Promise.all(before).then(() => (jobId === null ? undefined : this.#options.jobs.endAtStop(jobId))),
      );
    }
    await Promise.all(ended.values());
  }

  /** Lets go of them: what runs goes on without this server. Resolves when no step is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.abort();
    this.#jobChanges[Symbol.dispose]();
    await this.#runs[Symbol.asyncDispose]();
    const keepers = [...this.#keepers.values()];
    for (const keeper of keepers) keeper[Symbol.dispose]();
    await Promise.all(keepers.map((keeper) => keeper.idle()));
  }

  async #run(
    { id, name, version, definition }: ServiceRecord,
    changes: StartJobRequest,
    origin: Omit<Parameters<ServiceJobs['startServiceJob']>[1], 'service'>,
  ): Promise<JobId> {
    const request = { ...serviceRequest(name, definition), ...changes };
    const jobId = await this.#options.jobs.startServiceJob(request, {
      ...origin,
      service: { id, name, version, run: null },
    });
    this.#began(jobId, id);
    return jobId;
  }

  /** @throws ConflictError where something that it comes after is not so */
  async #startDue(serviceId: number, dueAtMs: number): Promise<JobId> {
    const service = [...this.#services.values()].find(({ id }) => id === serviceId);
    if (service === undefined) throw new ServiceNotFoundError(String(serviceId));
    const why = this.#blockedBy(service.definition);
    if (why !== null) throw new ConflictError(why);
    return this.#run(service, {}, { trigger: 'SCHEDULE', dueAtMs });
  }

  async #retry(jobId: JobId): Promise<JobId> {
    const [job] = await this.#options.store.jobs([jobId]);
    const retryId = await this.#options.jobs.retryJob(jobId);
    if (job?.serviceId != null) this.#began(retryId, job.serviceId);
    return retryId;
  }

  #began(jobId: JobId, serviceId: number): void {
    this.#runs.began(jobId, serviceId);
    this.changes.notify(serviceId);
    // It may be over by now, and nobody would hear of it again.
    void this.#hearOfRun(jobId);
  }

  #keep(service: ServiceRecord): void {
    const { store, clock, random, log, watch, jobs } = this.#options;
    const keeper: ServiceKeeper = new ServiceKeeper(service, {
      store,
      clock,
      random,
      log,
      watch,
      blockedBy: ({ definition }) => this.#blockedBy(definition),
      isHeldUp: ({ name }) => this.#isHeldUp(name),
      takesTurn: ({ name }) => this.#takesTurn(name),
      onSilence: ({ name, id }, isSilent, sinceMs) => {
        if (isSilent) this.#silentSinceMs.set(name, sinceMs);
        else this.#silentSinceMs.delete(name);
        log.silence(name, isSilent, sinceMs);
        this.changes.notify(id);
      },
      startJob: async ({ id, name, version, definition, life }) =>
        jobs.startServiceJob(serviceRequest(name, definition), {
          trigger: 'SERVICE',
          attempt: life.failures + 1,
          service: { id, name, version, run: life.runs },
        }),
      cancelJob: (jobId, requestedBy) => jobs.cancelJob(jobId, { requestedBy }),
      onChanged: (now, before) => {
        this.#noteChange(keeper, now, before);
      },
    });
    this.#keepers.set(service.name, keeper);
    this.#services.set(service.name, service);
    if (service.life.jobId !== null) this.#byJob.set(service.life.jobId, keeper);
  }

  #noteChange(keeper: ServiceKeeper, now: ServiceRecord, before: ServiceRecord): void {
    this.#services.set(now.name, now);
    if (now.life.jobId !== before.life.jobId) {
      if (before.life.jobId !== null) this.#byJob.delete(before.life.jobId);
      if (now.life.jobId !== null) this.#byJob.set(now.life.jobId, keeper);
    }
    this.changes.notify(now.id);
    const { state: from } = before.life;
    const { state: to, why } = now.life;
    if (to === from) return;
    this.#options.log.changed(now.name, { from, to, why });
    if (to !== 'RUNNING' && to !== 'READY') this.#silentSinceMs.delete(now.name);
    if (to !== 'STARTING') this.#turnIsOver(now.name);
    if (to === 'SCHEDULED' || from === 'SCHEDULED') void this.#followSchedule(now, to === 'SCHEDULED');
    // Those that wait for it to be up, and those that wait for it to be down.
    for (const dependent of dependentsOf(now.name, this.#services)) this.#keepers.get(dependent)?.poke();
    for (const { service } of now.definition.after) this.#keepers.get(service)?.poke();
  }

  #blockedBy({ after }: ServiceDefinition): string | null {
    for (const { service, condition } of after) {
      const other = this.#services.get(service);
      if (other === undefined) return `Waits for ${service}, which is not there.`;
      if (!isMet(condition, other.life.state))
        return `Waits for ${service} to be ${condition}: it is ${other.life.state}.`;
    }
    return null;
  }

  #takesTurn(name: string): boolean {
    const takes = this.#starting.has(name) || this.#starting.size < STARTED_TOGETHER;
    if (takes) {
      this.#waitingForTurn.delete(name);
      this.#starting.add(name);
    } else {
      this.#waitingForTurn.add(name);
    }
    return takes;
  }

  #turnIsOver(name: string): void {
    this.#waitingForTurn.delete(name);
    if (!this.#starting.delete(name)) return;
    const [next] = this.#waitingForTurn;
    if (next !== undefined) this.#keepers.get(next)?.poke();
  }

  async #followSchedule(service: ServiceRecord, isKept: boolean): Promise<void> {
    try {
      if (isKept) await this.#runs.keep(service);
      else await this.#runs.drop(service, service.life.why ?? 'it has no schedule any more');
    } catch (error) {
      this.#options.log.failure(service.name, 'its schedule could not be followed', error);
    }
  }

  #isHeldUp(name: string): boolean {
    if (this.#services.get(name)?.life.desired === 'UP') return false;
    return dependentsOf(name, this.#services).some((dependent) => {
      const life = this.#services.get(dependent)?.life;
      return life?.desired === 'DOWN' && mayHaveJob(life.state);
    });
  }

  async #hearOfRun(jobId: JobId): Promise<void> {
    try {
      await this.#runs.changed(jobId);
    } catch (error) {
      this.#options.log.failure(
        `of job ${String(jobId)}`,
        'whether it has ended could not be looked up',
        error,
      );
    }
  }

  async #tell(
    names: readonly string[],
    event: { kind: 'START' | 'STOP' | 'RESTART'; by: string },
  ): Promise<void> {
    await Promise.all(names.map(async (name) => this.#keepers.get(name)?.ask(event)));
  }

  #goalOf(names: readonly string[], desired: 'UP' | 'DOWN', { anew = false } = {}): ServiceGoal {
    const runs = new Map(names.map((name) => [name, anew ? this.get(name).life.runs : -1]));
    for (const name of names) this.get(name);
    return { desired, runsBefore: runs };
  }

  async #until(goal: ServiceGoal, { waitMs, signal }: ServiceOrder): Promise<void> {
    if (waitMs === 0) return;
    await untilServices(goal, {
      find: (name) => this.#services.get(name),
      changes: this.changes,
      clock: this.#options.clock,
      waitMs,
      signal: AbortSignal.any([signal, this.#released.signal]),
    });
  }

  async #oneAfterAnother<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#defining.then(work);
    this.#defining = turn.catch(() => undefined);
    return turn;
  }
}

function isUp(service: ServiceRecord | undefined): boolean {
  return (
    service?.life.desired === 'UP' && service.life.state !== 'FAILED' && service.life.state !== 'GAVE_UP'
  );
}
