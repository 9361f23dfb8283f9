import type { ScheduledRunOutcome } from '../../domain/scheduled-run.ts';
import { builder } from '../builder.ts';
import { Job } from './job.ts';

const ScheduledRunOutcomeRef = builder.enumType('ScheduledRunOutcome', {
  description: 'What became of a run that was due.',
  values: {
    STARTED: { description: 'It began at once.' },
    QUEUED: { description: 'It was to begin when what ran had ended.' },
    REPLACED: { description: 'What ran was cancelled for it.' },
    SKIPPED: { description: 'It did not take place, by the rule for overlaps or a stop.' },
    MISSED: { description: 'It, and others if it says so, was due while there was no server.' },
    REFUSED: { description: 'It could not be started.' },
  } satisfies Record<ScheduledRunOutcome, { description: string }>,
});

builder.prismaObject('ScheduledRun', {
  authScopes: { read: true },
  description:
    'A run that was due by a schedule, and what became of it. The last thousand of a service are kept.',
  fields: (t) => ({
    dueAt: t.expose('dueAt', { type: 'DateTime', description: 'When it was due.' }),
    decidedAt: t.expose('decidedAt', {
      type: 'DateTime',
      description: 'When it was decided what becomes of it.',
    }),
    outcome: t.field({
      type: ScheduledRunOutcomeRef,
      description: 'What became of it.',
      select: { outcome: true },
      resolve: (run) => run.outcome as ScheduledRunOutcome,
    }),
    why: t.exposeString('why', { nullable: true, description: 'Why, in one sentence for people.' }),
    job: t.prismaField({
      type: Job,
      nullable: true,
      description: 'The job that it became; null where it has none, or none any more.',
      select: { jobId: true },
      resolve: (query, { jobId }, _args, { services }) =>
        jobId === null ? null : services.read.job.findUnique({ ...query, where: { id: jobId } }),
    }),
  }),
});
