import { isMet } from '../../domain/dependency-plan.ts';
import { ServiceNotFoundError } from '../../domain/errors.ts';
import type { ServiceDefinition } from '../../domain/service-definition.ts';
import { mayHaveJob } from '../../domain/service-life.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import { dependentsOf } from './service-checks.ts';

/** All services by name, as they are now, and how they stand in each other's way. */
export class ServiceBook {
  readonly #services = new Map<string, ServiceRecord>();

  get all(): ReadonlyMap<string, ServiceRecord> {
    return this.#services;
  }

  /** @throws ServiceNotFoundError */
  get(name: string): ServiceRecord {
    const service = this.#services.get(name);
    if (service === undefined) throw new ServiceNotFoundError(name);
    return service;
  }

  /** @throws ServiceNotFoundError */
  byId(serviceId: number): ServiceRecord {
    for (const service of this.#services.values()) if (service.id === serviceId) return service;
    throw new ServiceNotFoundError(String(serviceId));
  }

  set(service: ServiceRecord): void {
    this.#services.set(service.name, service);
  }

  delete(name: string): void {
    this.#services.delete(name);
  }

  /** What something waits for before it starts, in one sentence; `null` where nothing is in its way. */
  blockedBy({ after }: ServiceDefinition): string | null {
    for (const { service, condition } of after) {
      const other = this.#services.get(service);
      if (other === undefined) return `Waits for ${service}, which is not there.`;
      if (!isMet(condition, other.life.state))
        return `Waits for ${service} to be ${condition}: it is ${other.life.state}.`;
    }
    return null;
  }

  /** Whether something that comes after it is going down, too, and has to be down first. */
  isHeldUp(name: string): boolean {
    if (this.#services.get(name)?.life.desired === 'UP') return false;
    return dependentsOf(name, this.#services).some((dependent) => {
      const life = this.#services.get(dependent)?.life;
      return life?.desired === 'DOWN' && mayHaveJob(life.state);
    });
  }
}
