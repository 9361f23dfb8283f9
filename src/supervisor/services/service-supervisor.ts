import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../domain/clock.ts';
import { withDependencies, withDependents } from '../../domain/dependency-plan.ts';
import { ConflictError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import type { GivenServiceDefinition, ServiceDefinition } from '../../domain/service-definition.ts';
import { mayHaveJob } from '../../domain/service-life.ts';
import type { RetryStore } from '../../storage/retry-store.ts';
import type { ScheduledRunStore } from '../../storage/scheduled-run-store.ts';
import type { SecretBox } from '../../storage/secret-keys.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { KeptJobRecord, ServiceStore } from '../../storage/service-store.ts';
import type { DiskGuard } from '../disk-guard.ts';
import { JobChangeBus } from '../job-change-bus.ts';
import { checkedEnv, type StartJobRequest } from '../job-request.ts';
import { sealedEnv, withKept } from '../secret-env.ts';
import type { Supervisor } from '../supervisor.ts';
import { ServiceBook } from './service-book.ts';
import { checkDefinition, checkPlace, dependenciesOf, dependentsOf } from './service-checks.ts';
import { type RunWatchEvents, ServiceKeeper } from './service-keeper.ts';
import type { ServiceLog } from './service-log.ts';
import { serviceRequest } from './service-request.ts';
import { ServiceRuns } from './service-runs.ts';
import { StartTurns } from './start-turns.ts';
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
  /** Borrowed. */
  readonly secrets: SecretBox;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: ServiceLog;
  /** Probes what runs, until the guard is released. */
  readonly watch: (service: ServiceRecord, job: KeptJobRecord, events: RunWatchEvents) => Disposable;
  /** Borrowed. Default: there is always room. */
  readonly disk?: Pick<DiskGuard, 'why' | 'onEnough'>;
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
  /** What the keepers hold, as it is now. */
  readonly #book = new ServiceBook();
  readonly #byJob = new Map<JobId, ServiceKeeper>();
  readonly #runs: ServiceRuns;
  readonly #turns = new StartTurns(STARTED_TOGETHER);
  /** By name: since when it has written nothing, in milliseconds since the Unix epoch. */
  readonly #silentSinceMs = new Map<string, number>();
  readonly #released = new AbortController();
  readonly #jobChanges: Disposable;
  readonly #diskChanges: Disposable | undefined;
  /** Saves and deletions come one after the other: each looks at the others' definitions. */
  #defining: Promise<unknown> = Promise.resolve();

  private constructor(options: ServiceSupervisorOptions) {
    this.#options = options;
    this.#runs = new ServiceRuns({ ...options, book: this.#book, changes: this.changes });
    this.#jobChanges = options.jobs.changes.listen((jobId) => {
      this.#byJob.get(jobId)?.poke();
      this.#runs.hear(jobId);
    });
    this.#diskChanges = options.disk?.onEnough(() => {
      for (const keeper of this.#keepers.values()) keeper.poke();
    });
  }

  /** Goes on with every service where a former server left it. */
  static async open(options: ServiceSupervisorOptions): Promise<ServiceSupervisor> {
    const supervisor = new ServiceSupervisor(options);
    for (const service of await options.store.all()) supervisor.#keep(service);
    for (const keeper of supervisor.#keepers.values()) keeper.poke();
    await supervisor.#runs.resume(supervisor.services.values());
    return supervisor;
  }

  /** By name, as they are now. */
  get services(): ReadonlyMap<string, ServiceRecord> {
    return this.#book.all;
  }

  /** Since when a service that runs has written nothing for longer than it may; `null` where it has not. */
  silentSinceMs(name: string): number | null {
    return this.#silentSinceMs.get(name) ?? null;
  }

  /** @throws ServiceNotFoundError */
  get(name: string): ServiceRecord {
    return this.#book.get(name);
  }

  /**
   * Stores a definition: a new service, or a new version of one, unless nothing is different. What runs goes on; the new
   * version is that of the next start.
   * @throws InvalidInputError, ConflictError, SecretsUnavailableError
   */
  async save(name: string, given: GivenServiceDefinition, savedBy: string): Promise<ServiceRecord> {
    return this.#oneAfterAnother(async () => {
      const definition = this.sealed(name, given);
      checkDefinition(name, definition);
      checkPlace(name, definition, this.services);
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
   * A definition as it would be kept: its secrets sealed, or, where they have no value, those that the service has.
   * @throws InvalidInputError, SecretsUnavailableError
   */
  sealed(name: string, given: GivenServiceDefinition): ServiceDefinition {
    const kept = this.services.get(name)?.definition.env ?? [];
    return { ...given, env: sealedEnv(withKept(checkedEnv(given.env), kept), this.#options.secrets) };
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
      const [dependent] = dependentsOf(name, this.services);
      if (dependent !== undefined)
        throw new ConflictError(`${dependent} comes after ${name}. Change it first.`);
      if (service.life.desired === 'UP' || mayHaveJob(service.life.state))
        throw new ConflictError(`${name} was started meanwhile. Stop it first, then delete it.`);
      await this.#options.store.delete(service.id);
      this.#keepers.get(name)?.[Symbol.dispose]();
      this.#keepers.delete(name);
      this.#book.delete(name);
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
    const all = withDependencies(dependenciesOf(this.services), names);
    // What it comes after and has done its work is not done again.
    const isWanted = (name: string): boolean => names.includes(name) || !isUp(this.services.get(name));
    await this.#tell(all.filter(isWanted), { kind: 'START', by: order.by });
    await this.#until(goal, order);
  }

  /**
   * Wants the services down, and what comes after them, which goes first; resolves when each of `names` is.
   * @throws ServiceNotFoundError, NotReadyError, ConflictError if somebody starts it meanwhile
   */
  async stop(names: readonly string[], order: ServiceOrder): Promise<void> {
    const goal = this.#goalOf(names, 'DOWN');
    const all = withDependents(dependenciesOf(this.services), names);
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

  /** @see ServiceRuns.runOnDemand */
  async runOnDemand(name: string, changes: StartJobRequest, tokenId: number | null): Promise<JobId> {
    return this.#runs.runOnDemand(name, changes, tokenId);
  }

  /** @see ServiceRuns.rerunWithNewest */
  async rerunWithNewest(jobId: JobId, changes: StartJobRequest, tokenId: number | null): Promise<JobId> {
    return this.#runs.rerunWithNewest(jobId, changes, tokenId);
  }

  /**
   * Ends the jobs that keep services up, since the server stops: what comes after others goes first. What is wanted stays,
   * so that the next server starts them again.
   */
  async endAtStop(): Promise<void> {
    for (const keeper of this.#keepers.values()) keeper[Symbol.dispose]();
    const ended = new Map<string, Promise<unknown>>();
    for (const name of withDependents(dependenciesOf(this.services), this.services.keys())) {
      const before = dependentsOf(name, this.services).map(async (dependent) => ended.get(dependent));
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
    this.#diskChanges?.[Symbol.dispose]();
    await this.#runs[Symbol.asyncDispose]();
    const keepers = [...this.#keepers.values()];
    for (const keeper of keepers) keeper[Symbol.dispose]();
    await Promise.all(keepers.map((keeper) => keeper.idle()));
  }

  #keep(service: ServiceRecord): void {
    const { store, clock, random, log, watch, jobs } = this.#options;
    const keeper: ServiceKeeper = new ServiceKeeper(service, {
      store,
      clock,
      random,
      log,
      watch,
      blockedBy: ({ definition }) => this.#book.blockedBy(definition) ?? this.#options.disk?.why ?? null,
      isHeldUp: ({ name }) => this.#book.isHeldUp(name),
      takesTurn: ({ name }) => this.#turns.take(name),
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
    this.#book.set(service);
    if (service.life.jobId !== null) this.#byJob.set(service.life.jobId, keeper);
  }

  #noteChange(keeper: ServiceKeeper, now: ServiceRecord, before: ServiceRecord): void {
    this.#book.set(now);
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
    const next = to === 'STARTING' ? undefined : this.#turns.giveBack(now.name);
    if (next !== undefined) this.#keepers.get(next)?.poke();
    if (to === 'SCHEDULED' || from === 'SCHEDULED') void this.#followSchedule(now, to === 'SCHEDULED');
    // Those that wait for it to be up, and those that wait for it to be down.
    for (const dependent of dependentsOf(now.name, this.services)) this.#keepers.get(dependent)?.poke();
    for (const { service } of now.definition.after) this.#keepers.get(service)?.poke();
  }

  async #followSchedule(service: ServiceRecord, isKept: boolean): Promise<void> {
    try {
      if (isKept) await this.#runs.keep(service);
      else await this.#runs.drop(service, service.life.why ?? 'it has no schedule any more');
    } catch (error) {
      this.#options.log.failure(service.name, 'its schedule could not be followed', error);
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
      find: (name) => this.services.get(name),
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
