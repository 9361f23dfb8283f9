import { InvalidInputError } from '../../domain/errors.ts';
import type { ReadClient } from '../../storage/database.ts';
import type { JobStatus } from '../../domain/job-status.ts';
import { searchable } from '../../storage/search-text.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import type PrismaTypes from '../generated/pothos-types.ts';
import { JobStatusRef } from './job-status.ts';

export const JobFilter = builder.inputType('JobFilter', {
  description: 'Which jobs. Everything that is given must hold.',
  fields: (t) => ({
    statuses: t.field({ type: [JobStatusRef], description: 'In one of these statuses.' }),
    labels: t.stringList({ description: 'With all of these labels, exactly as written.' }),
    commandContains: t.string({
      description:
        'With this text in its script, or in one word of its command; upper and lower case of ASCII letters are the same. At most 1000 characters.',
    }),
    queuedAfter: t.field({ type: 'DateTime', description: 'Accepted at this instant or later.' }),
    queuedBefore: t.field({ type: 'DateTime', description: 'Accepted before this instant.' }),
  }),
});

/** The most ids that are named to the database; SQLite takes some hundreds in one question. */
const MOST_NAMED_IDS = 200;
/** Each takes a question. */
const NARROWING_LABELS = 4;
const NEWEST_IDS = {
  orderBy: { jobId: 'desc' },
  take: MOST_NAMED_IDS + 1,
  select: { jobId: true },
} as const;

/**
 * Among which ids all jobs are that the bounds of time, the labels and the text let through. Why: jobs are listed by id, and a long history would
 * be read, row by wide row, from its newest job to the first one that is meant.
 */
export async function narrowedIds(
  read: ReadClient,
  filter: JobFilterShape,
): Promise<PrismaTypes['Job']['Where']> {
  const { commandContains } = filter;
  const newest = await Promise.all([
    ...(commandContains == null ? [] : [newestWithText(read, commandContains)]),
    ...(filter.labels ?? []).slice(0, NARROWING_LABELS).map((label) => newestWithLabel(read, label)),
  ]);
  return { AND: [await idsInTime(read, filter), amongAll(newest)] };
}

async function idsInTime(
  read: ReadClient,
  { queuedAfter, queuedBefore }: JobFilterShape,
): Promise<PrismaTypes['Job']['Where']> {
  if (queuedAfter == null && queuedBefore == null) return {};
  const { _min: first, _max: last } = await read.job.aggregate({
    where: { queuedAt: given({ gte: queuedAfter, lt: queuedBefore }) },
    _min: { id: true },
    _max: { id: true },
  });
  // Without any such job there is nothing to look for.
  return { id: { gte: first.id ?? 0, lte: last.id ?? -1 } };
}

async function newestWithText(read: ReadClient, commandContains: string): Promise<readonly number[]> {
  return idsOf(await read.jobSearchText.findMany({ where: withText(commandContains), ...NEWEST_IDS }));
}

async function newestWithLabel(read: ReadClient, label: string): Promise<readonly number[]> {
  return idsOf(await read.jobLabel.findMany({ where: { label }, ...NEWEST_IDS }));
}

function idsOf(rows: readonly { readonly jobId: number }[]): readonly number[] {
  return rows.map(({ jobId }) => jobId);
}

/** @param lists of each, the newest that have it; one more than are named where there are more */
function amongAll(lists: readonly (readonly number[])[]): PrismaTypes['Job']['Where'] {
  if (lists.length === 0) return {};
  const [whole, ...others] = lists.filter((ids) => ids.length <= MOST_NAMED_IDS);
  if (whole !== undefined)
    return { id: { in: whole.filter((id) => others.every((ids) => ids.includes(id))) } };
  return { id: { lte: Math.min(...lists.map((ids) => Math.max(...ids))) } };
}

function withText(commandContains: string): PrismaTypes['JobSearchText']['Where'] {
  return { text: { contains: searchable(commandContains) } };
}

interface JobFilterShape {
  readonly statuses?: readonly JobStatus[] | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly commandContains?: string | null | undefined;
  readonly queuedAfter?: Date | null | undefined;
  readonly queuedBefore?: Date | null | undefined;
}

/** More than anybody types, and less than what SQLite refuses. */
const MAX_SEARCH_LENGTH = 1_000;

/** The filter as Prisma takes it. @throws InvalidInputError for a text that is too long to look for */
export function jobsWhere(filter: JobFilterShape): PrismaTypes['Job']['Where'] {
  const { statuses, labels, commandContains, queuedAfter, queuedBefore } = given(filter);
  // SQLite reads a pattern to its first NUL, so that it would find what was not asked for.
  if (commandContains?.includes('\0') === true) {
    throw new InvalidInputError(
      'commandContains has a NUL character, which no command has.',
      'commandContains',
    );
  }
  if (commandContains !== undefined && commandContains.length > MAX_SEARCH_LENGTH) {
    throw new InvalidInputError(
      `commandContains can have ${String(MAX_SEARCH_LENGTH)} characters at most.`,
      'commandContains',
    );
  }
  return {
    ...(statuses && { status: { in: [...statuses] } }),
    ...(commandContains !== undefined && { searchText: { some: withText(commandContains) } }),
    ...(labels && { AND: labels.map((label) => ({ labelIndex: { some: { label } } })) }),
    ...((queuedAfter ?? queuedBefore) && { queuedAt: given({ gte: queuedAfter, lt: queuedBefore }) }),
  };
}
