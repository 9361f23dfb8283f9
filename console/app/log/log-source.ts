import type { FollowState, JobLogEvent, LifelineClient } from '../../../src/client/client.ts';
import { createLifelineClient } from '../../../src/client/client.ts';
import type { WatchedFetch } from '../connection/own-fetch.ts';
import {
  LogAroundDocument,
  LogPageDocument,
  type LogPageFieldsFragment,
  type LogStream,
} from '../generated/graphql.ts';

export interface LogPage {
  readonly page: LogPageFieldsFragment;
  readonly lastSeq: number;
  readonly keptFromSeq: number;
}

interface PageBounds {
  readonly after?: number;
  readonly before?: number;
  readonly first?: number;
  readonly last?: number;
}

/** The server's signs of life on a silent log; two missed ones make what is shown stale. */
export const HEARTBEAT_MS = 2_000;

/** One job's log, as the API gives it: pages from anywhere, and what comes. */
export class LogSource {
  readonly jobId: string;
  readonly streams: readonly LogStream[] | null;
  readonly #client: LifelineClient;

  constructor(client: LifelineClient, jobId: string, streams: readonly LogStream[] | null) {
    this.#client = client;
    this.jobId = jobId;
    this.streams = streams;
  }

  /** @throws as `LifelineClient.execute`; Error where there is no such job */
  async page(bounds: PageBounds, signal: AbortSignal): Promise<LogPage> {
    const { job } = await this.#client.execute(
      LogPageDocument,
      { jobId: this.jobId, streams: this.streams, ...bounds },
      { signal },
    );
    if (job === null) throw new Error(`There is no job ${this.jobId}.`);
    const { lastSeq, keptFromSeq, lines } = job.log;
    return { page: lines, lastSeq, keptFromSeq };
  }

  /** The lines around one: `count` before it, and as many from it on. */
  async around(seq: number, count: number, signal: AbortSignal): Promise<LogPage> {
    const { job } = await this.#client.execute(
      LogAroundDocument,
      { jobId: this.jobId, streams: this.streams, before: seq, after: seq - 1, count },
      { signal },
    );
    if (job === null) throw new Error(`There is no job ${this.jobId}.`);
    const { lastSeq, keptFromSeq, earlier, later } = job.log;
    const page = {
      nodes: [...earlier.nodes, ...later.nodes],
      gaps: [
        ...earlier.gaps,
        ...later.gaps.filter(({ toSeq }) => !earlier.gaps.some((gap) => gap.toSeq === toSeq)),
      ],
      pageInfo: {
        startSeq: earlier.pageInfo.startSeq ?? later.pageInfo.startSeq,
        endSeq: later.pageInfo.endSeq ?? earlier.pageInfo.endSeq,
        hasPreviousPage: earlier.pageInfo.hasPreviousPage,
        hasNextPage: later.pageInfo.hasNextPage,
      },
    };
    return { page, lastSeq, keptFromSeq };
  }

  /** What comes behind `after`, over any number of connections. @param onBytes called for whatever arrives, signs of life included */
  follow(
    after: number,
    { signal, fetchWith }: { readonly signal: AbortSignal; readonly fetchWith: WatchedFetch },
    onStateChange: (state: FollowState) => void,
    onBytes: () => void,
  ): AsyncIterableIterator<JobLogEvent, undefined> {
    const client = createLifelineClient({ url: location.origin, fetch: fetchWith(onBytes) });
    return client.followJobLogs(this.jobId, {
      after,
      signal,
      onStateChange,
      heartbeatMs: HEARTBEAT_MS,
      ...(this.streams !== null && { streams: this.streams }),
    });
  }
}
