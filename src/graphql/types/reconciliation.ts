import { jobIdFrom } from '../../domain/written-job-id.ts';
import type {
  ReconciledJob as FoundJob,
  Rebuild as FoundRebuild,
  Reconciliation,
  ReconcileVerdict,
} from '../../supervisor/reconciliation.ts';
import { builder, MAX_PAGE_SIZE } from '../builder.ts';
import { checkPageSize } from '../page-size.ts';
import { Job } from './job.ts';

const ReconcileVerdictRef = builder.enumType('ReconcileVerdict', {
  description: 'What a start of the server made of one job that it found.',
  values: {
    ADOPTED: { description: 'Still ran, and was taken over.' },
    FINISHED: { description: 'Had ended meanwhile, and how was on record.' },
    LOST: { description: 'Had ended without a trace of how, or what is there cannot be known to be it.' },
    FAILED: { description: 'Was being launched, and its program never ran.' },
    REQUEUED: { description: 'Still waited, and kept its place.' },
    IMPORTED: {
      description:
        'Was unknown to the database, and was restored from its directory: it waits, or had ended before. One that was active has the verdict on what became of it instead, and `imported` true.',
    },
    IGNORED: {
      description: 'A directory that is unknown to the database and cannot be read; it was left as it is.',
    },
  } satisfies Record<ReconcileVerdict, { description: string }>,
});

const ReconciledJob = builder.objectRef<FoundJob>('ReconciledJob').implement({
  authScopes: { read: true },
  description: 'What a start of the server found of one job, and what it made of that.',
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'Which job.' }),
    job: t.prismaField({
      type: Job,
      nullable: true,
      description:
        'The job as it is now; null for an ignored directory, and for a job that was deleted since.',
      resolve: (query, { jobId }, _args, { services }) =>
        services.read.job.findUnique({ ...query, where: { id: jobId } }),
    }),
    verdict: t.expose('verdict', { type: ReconcileVerdictRef, description: 'What became of it.' }),
    imported: t.exposeBoolean('imported', {
      description: 'Whether the database did not know it, and it was restored from its directory.',
    }),
    evidence: t.exposeString('evidence', { description: 'What was seen, in one sentence.' }),
  }),
});

const Rebuild = builder.objectRef<FoundRebuild>('Rebuild').implement({
  authScopes: { read: true },
  description: 'That the database was gone and was made anew from the directories of jobs and services.',
  fields: (t) => ({
    services: t.exposeInt('services', {
      description: 'Services that were restored, with all their versions.',
    }),
    notRestored: t.exposeStringList('notRestored', {
      description:
        'What could not be restored, one sentence each. Directories that cannot be read are in `jobs`, as IGNORED.',
    }),
  }),
});

export const ReconciliationRef = builder.objectRef<Reconciliation>('Reconciliation').implement({
  authScopes: { read: true },
  description: 'What the server found at its start of the jobs that it had left.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ atMs }) => new Date(atMs) }),
    adopted: t.exposeInt('adopted', { description: 'Jobs that still ran and were taken over.' }),
    finished: t.exposeInt('finished', {
      description: 'Jobs that had ended meanwhile, with a recorded outcome.',
    }),
    lost: t.exposeInt('lost', { description: 'Jobs that had ended without a trace of how.' }),
    failed: t.exposeInt('failed', { description: 'Jobs whose launch had not come through.' }),
    imported: t.exposeInt('imported', {
      description:
        'Jobs that only their directories knew. Those that were active are counted once more by what became of them.',
    }),
    requeued: t.exposeInt('requeued', { description: 'Jobs that were still waiting and kept their place.' }),
    ignored: t.exposeInt('ignored', { description: 'Directories that are no job’s or cannot be read.' }),
    rebuild: t.field({
      type: Rebuild,
      nullable: true,
      description: 'What could not be restored of a database that was gone; null where it was there.',
      resolve: ({ rebuild }) => rebuild,
    }),
    jobs: t.field({
      type: [ReconciledJob],
      description:
        'One by one, by ascending id: each job that had not ended, and each directory that the database did not know. 500 at most; further ones with `after`.',
      args: {
        first: t.arg.int({ description: 'At most so many; 500 by default, which is also the most.' }),
        after: t.arg.id({ description: 'Only those with a higher id than this.' }),
        verdicts: t.arg({ type: [ReconcileVerdictRef], description: 'Only those with one of these.' }),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.min(first ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE) }),
      resolve: ({ jobs }, { first, after, verdicts }) => {
        checkPageSize({ first }, MAX_PAGE_SIZE);
        const afterId = after == null ? 0 : jobIdFrom(after);
        return jobs
          .filter(({ jobId, verdict }) => jobId > afterId && (verdicts?.includes(verdict) ?? true))
          .slice(0, first ?? MAX_PAGE_SIZE);
      },
    }),
  }),
});
