import type { JobId } from '../domain/job-id.ts';
import type { JobRecord } from '../storage/job-records.ts';
import { conflatedChanges } from './conflated-changes.ts';
import type { GraphQLContext } from './context.ts';
import type PrismaTypes from './generated/pothos-types.ts';
import type { PayloadSource } from './payload-source.ts';

/** The most jobs in a snapshot: the newest. Older ones are pages of `jobs`. */
export const SNAPSHOT_SIZE = 500;

/** What a watcher of the jobs is told. */
export interface JobChangePayload {
  readonly kind: 'SNAPSHOT' | 'UPSERT' | 'REMOVED';
  readonly ids: readonly JobId[];
  /** Empty for REMOVED. */
  readonly jobs: readonly JobRecord[];
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

  return conflatedChanges<JobChangePayload>(signal, changes, {
    snapshot: async () => {
      const jobs = await services.read.job.findMany({ where, orderBy: { id: 'desc' }, take: SNAPSHOT_SIZE });
      shown.clear();
      for (const { id } of jobs) shown.add(id);
      return [{ kind: 'SNAPSHOT', ids: jobs.map(({ id }) => id), jobs }];
    },
    look: async (ids) => {
      const jobs = await services.read.job.findMany({
        where: { AND: [where, { id: { in: [...ids] } }] },
        orderBy: { id: 'asc' },
      });
      const matching = new Set(jobs.map(({ id }) => id));
      const removed = [...ids].filter((id) => !matching.has(id) && shown.delete(id));
      for (const id of matching) shown.add(id);
      const told: JobChangePayload[] = [];
      if (jobs.length > 0) told.push({ kind: 'UPSERT', ids: [...matching], jobs });
      if (removed.length > 0) told.push({ kind: 'REMOVED', ids: removed, jobs: [] });
      return told;
    },
  });
}
