import type { JobId } from '../domain/job-id.ts';
import { conflatedChanges } from './conflated-changes.ts';
import type { GraphQLContext } from './context.ts';
import type PrismaTypes from './generated/pothos-types.ts';
import type { PayloadSource } from './payload-source.ts';

/** The most jobs in a snapshot: the newest. Older ones are pages of `jobs`. */
export const SNAPSHOT_SIZE = 500;

/** What a watcher of the jobs is told. Of the jobs themselves, what is asked for is read when it is written. */
export interface JobChangePayload {
  readonly kind: 'SNAPSHOT' | 'UPSERT' | 'REMOVED';
  readonly ids: readonly JobId[];
}

interface JobPage {
  readonly where: PrismaTypes['Job']['Where'];
  readonly orderBy: { readonly id: 'asc' | 'desc' };
  readonly take?: number;
}

/**
 * The jobs that match, then each change of them, conflated to the latest state: a slow reader gets fewer events, never
 * old ones. Attached when this returns; released by the context's signal. It has no end of its own.
 */
export function jobChanges(
  { services, signal }: GraphQLContext,
  where: PrismaTypes['Job']['Where'],
): PayloadSource<JobChangePayload> {
  const changes = services.supervisor.changes.subscribeToAll({ signal });
  const shown = new Set<JobId>();
  const idsOf = async (jobs: JobPage): Promise<readonly JobId[]> =>
    (await services.read.job.findMany({ ...jobs, select: { id: true } })).map(({ id }) => id);

  return conflatedChanges<JobChangePayload>(signal, changes, {
    snapshot: async () => {
      const ids = await idsOf({ where, orderBy: { id: 'desc' }, take: SNAPSHOT_SIZE });
      shown.clear();
      for (const id of ids) shown.add(id);
      return [{ kind: 'SNAPSHOT', ids }];
    },
    look: async (changed) => {
      const ids = await idsOf({
        where: { AND: [where, { id: { in: [...changed] } }] },
        orderBy: { id: 'asc' },
      });
      const matching = new Set(ids);
      const removed = [...changed].filter((id) => !matching.has(id) && shown.delete(id));
      for (const id of matching) shown.add(id);
      const told: JobChangePayload[] = [];
      if (ids.length > 0) told.push({ kind: 'UPSERT', ids });
      if (removed.length > 0) told.push({ kind: 'REMOVED', ids: removed });
      return told;
    },
  });
}
