import type { ServiceRecord } from '../storage/service-records.ts';
import type { GraphQLContext } from './context.ts';
import { PayloadSource } from './payload-source.ts';

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
  const ready: ServiceChangePayload[] = [];

  const tell = (kind: 'SNAPSHOT' | 'UPSERT', services: readonly ServiceRecord[]): void => {
    for (const { id, name } of services) shown.set(id, name);
    ready.push({ kind, names: services.map(({ name }) => name), services });
  };
  const snapshot = (): void => {
    shown.clear();
    tell('SNAPSHOT', [...serviceSupervisor.services.values()].filter(matches));
  };
  const look = (ids: ReadonlySet<number>): void => {
    const changed = [...serviceSupervisor.services.values()].filter(({ id }) => ids.has(id)).filter(matches);
    const matching = new Set(changed.map(({ id }) => id));
    const removed = [...ids].flatMap((id) => (matching.has(id) ? [] : (shown.get(id) ?? [])));
    for (const id of ids) if (!matching.has(id)) shown.delete(id);
    if (changed.length > 0) tell('UPSERT', changed);
    if (removed.length > 0) ready.push({ kind: 'REMOVED', names: removed, services: [] });
  };

  return new PayloadSource<ServiceChangePayload>({
    signal,
    release: () => void changes.return(),
    pull: async () => {
      for (;;) {
        const value = ready.shift();
        if (value !== undefined) return { done: false, value };
        const news = await changes.next();
        if (news.done === true) return { done: true, value: undefined };
        if (news.value === 'ANY') snapshot();
        else look(news.value);
      }
    },
  });
}
