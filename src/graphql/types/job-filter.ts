import type { JobStatus } from '../../domain/job-status.ts';
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
        'With this text in its command or script. As in SQL, `_` stands for any character, `%` for any text, and upper and lower case of ASCII letters are the same.',
    }),
    queuedAfter: t.field({ type: 'DateTime', description: 'Accepted at this instant or later.' }),
    queuedBefore: t.field({ type: 'DateTime', description: 'Accepted before this instant.' }),
  }),
});

interface JobFilterShape {
  readonly statuses?: readonly JobStatus[] | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly commandContains?: string | null | undefined;
  readonly queuedAfter?: Date | null | undefined;
  readonly queuedBefore?: Date | null | undefined;
}

/**
 * The filter as Prisma takes it.
 *
 * A command is stored as a JSON array, so a text is looked for as JSON writes it: a quote in it cannot reach over the
 * bounds of an element. Known gap: Prisma hands it to SQLite's LIKE unescaped, with its wildcards and without case.
 */
export function jobsWhere(filter: JobFilterShape): PrismaTypes['Job']['Where'] {
  const { statuses, labels, commandContains, queuedAfter, queuedBefore } = given(filter);
  return {
    ...(statuses && { status: { in: [...statuses] } }),
    ...(commandContains !== undefined && {
      command: { contains: JSON.stringify(commandContains).slice(1, -1) },
    }),
    ...(labels && { AND: labels.map((label) => ({ labelIndex: { some: { label } } })) }),
    ...((queuedAfter ?? queuedBefore) && { queuedAt: given({ gte: queuedAfter, lt: queuedBefore }) }),
  };
}
