import type { ServiceRecord } from '../storage/service-records.ts';
import { conflatedChanges } from './conflated-changes.ts';
import type { GraphQLContext } from './context.ts';
import type { PayloadSource } from './payload-source.ts';

/** What a watcher of the services is told. */
export interface ServiceChangePayload {
  readonly kind: 'SNAPSHOT' | 'UPSERT' | 'REMOVED';
  readonly names: readonly string[];
  /** Empty for REMOVED. */
  readonly services: readonly ServiceRecord[];
}

/**
 * The services that match, then each change of them, conflated to the latest state. Attached when this returns; released by
 * the context's signal. It has no end of its own.
 */
export function serviceChanges(
  { services: { serviceSupervisor }, signal }: GraphQLContext,
  matches: (service: ServiceRecord) => boolean,
): PayloadSource<ServiceChangePayload> {
  const changes = serviceSupervisor.changes.subscribeToAll({ signal });
  /** What is shown, by id: a service that is gone has no name any more. */
  const shown = new Map<number, string>();
  const tell = (kind: 'SNAPSHOT' | 'UPSERT', services: readonly ServiceRecord[]): ServiceChangePayload => {
    for (const { id, name } of services) shown.set(id, name);
    return { kind, names: services.map(({ name }) => name), services };
  };

  return conflatedChanges<ServiceChangePayload>(signal, changes, {
    snapshot: () => {
      shown.clear();
      return [tell('SNAPSHOT', [...serviceSupervisor.services.values()].filter(matches))];
    },
    look: (ids) => {
      const changed = [...serviceSupervisor.services.values()]
        .filter(({ id }) => ids.has(id))
        .filter(matches);
      const matching = new Set(changed.map(({ id }) => id));
      const removed = [...ids].flatMap((id) => (matching.has(id) ? [] : (shown.get(id) ?? [])));
      for (const id of ids) if (!matching.has(id)) shown.delete(id);
      const told: ServiceChangePayload[] = [];
      if (changed.length > 0) told.push(tell('UPSERT', changed));
      if (removed.length > 0) told.push({ kind: 'REMOVED', names: removed, services: [] });
      return told;
    },
  });
}
