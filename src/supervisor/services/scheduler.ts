import { type KeeperPorts, ScheduleKeeper } from './schedule-keeper.ts';
import type { ScheduledService } from './scheduler-ports.ts';

/**
 * Keeps the schedules of all services that are desired UP.
 *
 * Whoever stores that a service is not desired any more, or has another schedule, stores `Service.scheduledTo = null` in
 * the same transaction: what would then be due by the new schedule was not missed. A keeper whose position has gone does
 * nothing more.
 */
export class Scheduler implements AsyncDisposable {
  readonly #ports: KeeperPorts;
  readonly #keepers = new Map<number, ScheduleKeeper>();
  /** One change of a service after the other. */
  readonly #changes = new Map<number, Promise<void>>();
  #isReleased = false;

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
  }

  /** Keeps the schedule of a service from here on, or its new one: at a start, when it becomes desired, when it is saved. */
  async keep(service: ScheduledService): Promise<void> {
    await this.#change(service.id, async () => {
      await this.#release(service.id);
      if (this.#isReleased) return;
      const keeper = await ScheduleKeeper.open(service, this.#ports);
      if (keeper !== null) this.#keepers.set(service.id, keeper);
    });
  }

  /** No run of it begins after this has resolved, and none waits. @param why in one sentence, for those that waited */
  async drop(serviceId: number, why = 'the service was stopped before it began'): Promise<void> {
    await this.#change(serviceId, async () => {
      await this.#release(serviceId);
      await this.#ports.store.skipPending(serviceId, why);
    });
  }

  /** Called when the end of a job of the service is stored. */
  runEnded(serviceId: number): void {
    this.#keepers.get(serviceId)?.wake();
  }

  /** For health, metrics and the leak check. */
  get size(): number {
    return this.#keepers.size;
  }

  /** What waits goes on waiting for the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isReleased = true;
    await Promise.all(this.#changes.values());
    await Promise.all([...this.#keepers.keys()].map((serviceId) => this.#release(serviceId)));
  }

  async #release(serviceId: number): Promise<void> {
    const keeper = this.#keepers.get(serviceId);
    this.#keepers.delete(serviceId);
    await keeper?.release();
  }

  async #change(serviceId: number, work: () => Promise<void>): Promise<void> {
    const turn = (this.#changes.get(serviceId) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    this.#changes.set(serviceId, settled);
    await turn.finally(() => {
      if (this.#changes.get(serviceId) === settled) this.#changes.delete(serviceId);
    });
  }
}
