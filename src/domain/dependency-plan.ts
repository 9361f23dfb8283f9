import type { DependencyCondition, ServiceDependency } from './service-definition.ts';
import type { ServiceState } from './service-state.ts';

/** Which services each one comes after. */
export type Dependencies = ReadonlyMap<string, readonly ServiceDependency[]>;

/** A cycle that goes through `name`, from it to itself, such as `['a', 'b', 'a']`; `null` where there is none. */
export function findCycle(dependencies: Dependencies, name: string): readonly string[] | null {
  const seen = new Set<string>();
  const path = [name];
  const walk = (from: string): boolean => {
    for (const { service } of dependencies.get(from) ?? []) {
      if (service !== name && seen.has(service)) continue;
      seen.add(service);
      path.push(service);
      if (service === name || walk(service)) return true;
      path.pop();
    }
    return false;
  };
  return walk(name) ? path : null;
}

/** The services and all that they come after, near and far; in an order in which each stands behind what it comes after. */
export function withDependencies(dependencies: Dependencies, names: Iterable<string>): readonly string[] {
  const ordered = new Set<string>();
  const entered = new Set<string>();
  const visit = (name: string): void => {
    if (entered.has(name)) return;
    entered.add(name);
    for (const { service } of dependencies.get(name) ?? []) visit(service);
    ordered.add(name);
  };
  for (const name of names) visit(name);
  return [...ordered];
}

/** The services and all that come after them, near and far; each stands behind whatever comes after it. */
export function withDependents(dependencies: Dependencies, names: Iterable<string>): readonly string[] {
  const dependents = new Map<string, ServiceDependency[]>();
  for (const [name, after] of dependencies) {
    for (const { service, condition } of after) {
      const known = dependents.get(service) ?? [];
      dependents.set(service, [...known, { service: name, condition }]);
    }
  }
  return withDependencies(dependents, names);
}

const MET_IN: Readonly<Record<DependencyCondition, readonly ServiceState[]>> = {
  STARTED: ['RUNNING', 'READY', 'SUCCEEDED'],
  READY: ['READY', 'SUCCEEDED'],
  SUCCEEDED: ['SUCCEEDED'],
};

/** Whether what comes after a service in this state may start. One that has ended well has been ready, too. */
export function isMet(condition: DependencyCondition, state: ServiceState): boolean {
  return MET_IN[condition].includes(state);
}
