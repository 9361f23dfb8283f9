import type { JobId } from '../domain/job-id.ts';
import type { JobRecord } from '../storage/job-records.ts';
import type { GraphQLContext } from './context.ts';
import type PrismaTypes from './generated/pothos-types.ts';
import { PayloadSource } from './payload-source.ts';

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
  const ready: JobChangePayload[] = [];

  const snapshot = async (): Promise<void> => {
    const jobs = await services.read.job.findMany({ where, orderBy: { id: 'desc' }, take: SNAPSHOT_SIZE });
    shown.clear();
    for (const { id } of jobs) shown.add(id);
    ready.push({ kind: 'SNAPSHOT', ids: jobs.map(({ id }) => id), jobs });
  };
  const look = async (ids: ReadonlySet<JobId>): Promise<void> => {
    const jobs = await services.read.job.findMany({
      where: { AND: [where, { id: { in: [...ids] } }] },
      orderBy: { id: 'asc' },
    });
    const matching = new Set(jobs.map(({ id }) => id));
    const removed = [...ids].filter((id) => !matching.has(id) && shown.delete(id));
    for (const id of matching) shown.add(id);
    if (jobs.length > 0) ready.push({ kind: 'UPSERT', ids: [...matching], jobs });
    if (removed.length > 0) ready.push({ kind: 'REMOVED', ids: removed, jobs: [] });
  };

  return new PayloadSource<JobChangePayload>({
    signal,
    release: () => void changes.return(),
    pull: async () => {
      for (;;) {
        const value = ready.shift();
        if (value !== undefined) return { done: false, value };
        const news = await changes.next();
        if (news.done === true) return { done: true, value: undefined };
        if (news.value === 'ANY') await snapshot();
        else await look(news.value);
      }
    },
  });
}
