import type { LogStream } from '../client/client.ts';
import { LogBoundsDocument } from '../client/generated/graphql.ts';
import { CliError } from './cli-error.ts';
import type { Connection } from './connection.ts';

const MOST_LINES_A_PAGE = 1_000;

/** The part of a log from behind `after` up to `upTo`. */
export interface LogBounds {
  readonly after: number;
  /** Seq of the last line there is by now, of these streams; 0 where there is none. */
  readonly upTo: number;
}

/**
 * Finds where a log begins to be shown, and where it ends by now.
 * @param tail only the last so many lines of these streams; absent: all
 * @throws CliError where there is no such job; as `Connection.execute`
 */
export async function findLogBounds(
  connection: Connection,
  jobId: string,
  streams: readonly LogStream[] | undefined,
  tail?: number,
): Promise<LogBounds> {
  const { lastSeq, ...end } = await pageBefore(connection, jobId, streams, Math.max(1, tail ?? 1));
  let { seqs, hasPrevious } = end;
  const upTo = seqs.at(-1) ?? 0;
  if (tail === undefined) return { after: 0, upTo };
  // What is written from now on is wanted by a follower of the last 0 lines.
  if (tail === 0) return { after: lastSeq, upTo: 0 };
  let missing = tail - seqs.length;
  let first = seqs[0] ?? 1;
  while (missing > 0 && hasPrevious && seqs.length > 0) {
    ({ seqs, hasPrevious } = await pageBefore(connection, jobId, streams, missing, first));
    missing -= seqs.length;
    first = seqs[0] ?? first;
  }
  return { after: first - 1, upTo };
}

async function pageBefore(
  connection: Connection,
  jobId: string,
  streams: readonly LogStream[] | undefined,
  count: number,
  before?: number,
): Promise<{ seqs: readonly number[]; hasPrevious: boolean; lastSeq: number }> {
  const { job } = await connection.execute(LogBoundsDocument, {
    jobId,
    last: Math.min(count, MOST_LINES_A_PAGE),
    ...(before !== undefined && { before }),
    ...(streams !== undefined && { streams }),
  });
  if (job === null) throw new CliError(`There is no job ${jobId}.`);
  const { lastSeq, lines } = job.log;
  return { seqs: lines.nodes.map(({ seq }) => seq), hasPrevious: lines.pageInfo.hasPreviousPage, lastSeq };
}
