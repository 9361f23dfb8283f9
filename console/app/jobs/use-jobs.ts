import { useCallback, useEffect, useState } from 'react';
import { useConnection } from '../connection/connection-context.tsx';
import { type LiveState, useLive } from '../connection/use-live.ts';
import {
  type JobFilter,
  type JobRowFragment,
  OlderJobsDocument,
  WatchJobsDocument,
  type WatchJobsSubscription,
} from '../generated/graphql.ts';

/** Rows of a snapshot at most; what is older is asked for page by page. */
const SNAPSHOT_ROWS = 500;
const PAGE_ROWS = 100;

type Rows = ReadonlyMap<string, JobRowFragment>;

export interface JobList extends LiveState<readonly JobRowFragment[]> {
  /** Asks for a page of older jobs; undefined where there are none. */
  readonly showOlder: (() => void) | undefined;
}

/** The jobs that match, newest first, as they are now; older ones than the live list has, as they were when asked for. */
export function useJobs(where: JobFilter | null): JobList {
  const { client } = useConnection();
  const live = useLive(WatchJobsDocument, { where }, reduceJobs);
  const [older, setOlder] = useState<{
    rows: readonly JobRowFragment[];
    cursor: string | null;
    isAll: boolean;
  }>(NONE_OLDER);
  const wanted = JSON.stringify(where);
  useEffect(() => setOlder(NONE_OLDER), [wanted]);
  const liveRows = live.state === undefined ? undefined : newestFirst(live.state);
  const oldest = liveRows?.at(-1);
  const showOlder = useCallback(() => {
    if (oldest === undefined) return;
    const page =
      older.cursor === null
        ? { where: { ...where, queuedBefore: oldest.queuedAt }, after: null }
        : { where: { ...where, queuedBefore: oldest.queuedAt }, after: older.cursor };
    void client.execute(OlderJobsDocument, { first: PAGE_ROWS, ...page }).then(({ jobs }) => {
      setOlder((before) => ({
        rows: [...before.rows, ...jobs.edges.map(({ node }) => node)],
        cursor: jobs.pageInfo.endCursor,
        isAll: !jobs.pageInfo.hasNextPage,
      }));
    });
  }, [client, oldest, older.cursor, where]);
  return {
    ...live,
    state: liveRows === undefined ? undefined : [...liveRows, ...older.rows],
    showOlder:
      liveRows !== undefined && liveRows.length >= SNAPSHOT_ROWS && !older.isAll ? showOlder : undefined,
  };
}

const NONE_OLDER = { rows: [], cursor: null, isAll: false } as const;

function reduceJobs(rows: Rows | undefined, { jobsChanged }: WatchJobsSubscription): Rows {
  const { kind, ids, jobs } = jobsChanged;
  const next = new Map(kind === 'SNAPSHOT' ? [] : rows);
  if (kind === 'REMOVED') for (const id of ids) next.delete(id);
  for (const job of jobs) next.set(job.id, job);
  return next;
}

function newestFirst(rows: Rows): readonly JobRowFragment[] {
  return [...rows.values()].sort((one, other) => Number(other.id) - Number(one.id));
}
