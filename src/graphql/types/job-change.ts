import { builder } from '../builder.ts';
import { jobChanges, SNAPSHOT_SIZE, type JobChangePayload } from '../job-changes.ts';
import { Job } from './job.ts';
import { JobFilter, jobsWhere } from './job-filter.ts';

const JobChangeKind = builder.enumType('JobChangeKind', {
  description: 'What an event of `jobsChanged` says.',
  values: {
    SNAPSHOT: {
      description: `These are the jobs that match, newest first, ${String(SNAPSHOT_SIZE)} at most: forget what was shown before.`,
    },
    UPSERT: { description: 'These jobs match and are new or have changed.' },
    REMOVED: { description: 'These jobs match no more, or were deleted.' },
  },
});

const JobChange = builder.objectRef<JobChangePayload>('JobChange').implement({
  authScopes: { read: true },
  description: 'What has become of the jobs that are watched.',
  fields: (t) => ({
    kind: t.field({ type: JobChangeKind, description: 'What to do with it.', resolve: ({ kind }) => kind }),
    ids: t.idList({ description: 'Which jobs.', resolve: ({ ids }) => ids.map(String) }),
    jobs: t.prismaField({
      type: [Job],
      description: 'The jobs as they are now; empty for REMOVED.',
      resolve: (query, { kind, ids }, _args, { services }) =>
        kind === 'REMOVED'
          ? []
          : services.read.job.findMany({
              ...query,
              where: { id: { in: [...ids] } },
              orderBy: { id: kind === 'SNAPSHOT' ? 'desc' : 'asc' },
            }),
    }),
  }),
});

builder.subscriptionField('jobsChanged', (t) =>
  t.field({
    authScopes: { read: true },
    type: JobChange,
    description:
      'The jobs that match, as a SNAPSHOT first, then each change, conflated to the latest state: a slow reader gets fewer events, ' +
      'never old ones. Another SNAPSHOT comes where too much has changed to name.',
    args: { where: t.arg({ type: JobFilter, description: 'Only these.' }) },
    subscribe: (_parent, { where }, context) => jobChanges(context, jobsWhere(where ?? {})),
    resolve: (change) => change,
  }),
);
