import { setTimeout as delay } from 'node:timers/promises';
import { createLifelineClient, type JobLogEvent } from '../../src/client/client.ts';
import {
  doneOf,
  followJob,
  logEvents,
  type JobView,
  type LineView,
  type LogEventView,
} from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { fetchAlone } from './fetch-alone.ts';

export interface Passed {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Why there are no lines; `null` where there are. */
  readonly gap: string | null;
}

/** What a reader has got when its job is over. */
export interface WholeLog {
  readonly lines: readonly Omit<LineView, 'at'>[];
  /** What it passed, in order: lines that came together, and gaps. */
  readonly passed: readonly Passed[];
  readonly job: Pick<JobView, 'status' | 'reason' | 'exitCode'>;
  /** How many connections it took. */
  readonly connections: number;
}

/**
 * The oracle: keeps every event of every connection, sorts nothing and drops nothing, and comes back behind the last seq
 * that it saw. A line that is given twice stands in `lines` twice.
 */
export async function readRaw(server: LifelineServer, jobId: string, signal: AbortSignal): Promise<WholeLog> {
  const events: LogEventView[] = [];
  let connections = 0;
  for (let lastSeq = 0; ;) {
    signal.throwIfAborted();
    try {
      using stream = await followJob(server, jobId, { after: lastSeq });
      connections += 1;
      await stream.untilEnded({ limitMs: 120_000 });
      for (const event of logEvents(stream)) {
        events.push(event);
        if ('lastSeq' in event) lastSeq = event.lastSeq;
        if (event.__typename === 'LogGap') lastSeq = event.toSeq;
      }
    } catch (error) {
      if (!isAbsence(error)) throw error;
      await delay(20);
    }
    if (events.at(-1)?.__typename === 'LogDone') break;
  }
  return {
    lines: events.flatMap((event) => (event.__typename === 'LogLines' ? event.lines : [])),
    passed: events.flatMap(passedIn),
    job: doneOf(events).job,
    connections,
  };
}

/** The client that users get, which reconnects by itself. */
export async function readTyped(
  server: LifelineServer,
  jobId: string,
  signal: AbortSignal,
): Promise<WholeLog> {
  const lines: WholeLog['lines'][number][] = [];
  const passed: Passed[] = [];
  let connections = 0;
  const client = createLifelineClient({ url: server.url, token: server.token, fetch: fetchAlone });
  const events = client.followJobLogs(jobId, {
    signal,
    heartbeatMs: 2_000,
    onStateChange: ({ state }) => (connections += state === 'CONNECTED' ? 1 : 0),
  });
  for await (const event of events) {
    passed.push(...passedIn(event));
    if (event.__typename === 'LogLines') lines.push(...event.lines);
    else if (event.__typename === 'LogDone')
      return { lines, passed, job: { ...event.job, exitCode: event.job.exitCode ?? null }, connections };
  }
  signal.throwIfAborted();
  throw new Error(`the client gave job ${jobId} no end`);
}

function passedIn(event: JobLogEvent | LogEventView): Passed[] {
  if (event.__typename === 'LogGap')
    return [{ fromSeq: event.fromSeq, toSeq: event.toSeq, gap: event.reason }];
  const [first] = event.__typename === 'LogLines' ? event.lines : [];
  if (event.__typename !== 'LogLines' || first === undefined) return [];
  return [{ fromSeq: first.seq, toSeq: event.lines.at(-1)?.seq ?? first.seq, gap: null }];
}

/** Nobody was there: the server is dead, or died while it was asked. */
export function isAbsence(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code);
}
