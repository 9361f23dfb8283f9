import type { JobStatus, QueueReason } from '../../client/client.ts';
import { ListJobsDocument, type JobFilter, type ListJobsQuery } from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { formatDuration } from '../../domain/duration.ts';
import { EXIT } from '../exit-codes.ts';
import { harmlessLine } from '../harmless-text.ts';
import { newestRows } from '../newest-rows.ts';
import { printNewest } from '../print-newest.ts';
import { shellWords } from '../shell-words.ts';
import { styled, styledStatus } from '../style.ts';
import type { Cell } from '../table.ts';

export interface PsOptions {
  readonly all?: boolean;
  readonly status: readonly JobStatus[];
  readonly label: readonly string[];
  readonly limit: number;
}

type ListedJob = ListJobsQuery['jobs']['edges'][number]['node'];

const UNFINISHED: readonly JobStatus[] = ['QUEUED', 'STARTING', 'RUNNING', 'CANCELLING'];

/** `lifeline ps`: the jobs that wait or run, or those that are asked for, newest first. */
export async function ps(context: CommandContext, options: PsOptions): Promise<number> {
  const where = filterOf(options);
  const connection = context.connect();
  const newest = await newestRows<ListedJob>(
    async (first, after) => (await connection.execute(ListJobsDocument, { first, after, where })).jobs,
    options.limit,
  );
  await printNewest(context, newest, {
    headings: HEADINGS,
    rowOf: (job) => rowOf(context, job),
    limit: options.limit,
  });
  return EXIT.OK;
}

const HEADINGS = ['ID', 'STATUS', 'EXIT', 'AGE', 'TIME', 'QUEUE', 'LABELS', 'COMMAND'];

function rowOf({ output }: CommandContext, job: ListedJob): Cell[] {
  const ageMs = Date.now() - Date.parse(job.queuedAt);
  return [
    { text: job.id },
    { text: job.status, style: () => styledStatus(output, job.status) },
    { text: job.exitCode === null ? '-' : String(job.exitCode) },
    { text: formatDuration(ageMs), style: (text) => styled(output, 'dim', text) },
    { text: job.durationMs === null ? '-' : formatDuration(job.durationMs) },
    { text: placeOf(job) },
    { text: job.labels.length === 0 ? '-' : job.labels.map(harmlessLine).join(',') },
    { text: job.script === null ? shellWords(job.command) : harmlessLine(job.script) },
  ];
}

/** Short enough for a column; `lifeline show` has the sentence. */
function placeOf({ queue, concurrencyKey }: ListedJob): string {
  if (queue === null) return '-';
  const { position, reason } = queue;
  const why = reason === 'CONCURRENCY_LIMIT' ? `key ${harmlessLine(concurrencyKey ?? '')}` : REASONS[reason];
  return `${position} ${why}`;
}

const REASONS = {
  SERVER_LIMIT: 'next',
  AHEAD_IN_QUEUE: 'in line',
  DISK_LOW: 'disk is low',
  SERVER_STOPPING: 'server stops',
} as const satisfies Record<Exclude<QueueReason, 'CONCURRENCY_LIMIT'>, string>;

function filterOf({ all = false, status, label }: PsOptions): JobFilter {
  const statuses = status.length > 0 || all ? status : UNFINISHED;
  return { ...(statuses.length > 0 && { statuses }), ...(label.length > 0 && { labels: label }) };
}
