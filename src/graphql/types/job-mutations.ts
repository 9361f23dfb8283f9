import { jobIdFrom } from '../../domain/written-job-id.ts';
import { onJob } from '../audit-subject.ts';
import { builder } from '../builder.ts';
import { JobSignalRef } from './job-signal.ts';
import { changesOf, RerunJobInput } from './rerun-job-input.ts';

builder.mutationFields((t) => ({
  signalJob: t.prismaField({
    authScopes: { run: true },
    extensions: onJob,
    type: 'Job',
    description:
      'Sends a signal to the process group of a job’s program. The job goes on, or ends by it; that is no cancel. CONFLICT where the program does not run.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Which job.' }),
      signal: t.arg({ type: JobSignalRef, required: true, description: 'Which signal.' }),
    },
    resolve: async (query, _parent, { jobId, signal }, { services }) => {
      const id = jobIdFrom(jobId);
      await services.supervisor.signalJob(id, signal);
      return services.read.job.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
  rerunJob: t.prismaField({
    authScopes: (_parent, { changes }) => (changes == null ? { run: true } : { exec: true }),
    extensions: onJob,
    type: 'Job',
    description:
      'Runs a job once more, as a new job whose `rerunOf` is the first: unchanged, or with what `changes` gives instead.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Which job.' }),
      changes: t.arg({ type: RerunJobInput, description: 'What is to be different.' }),
      newestDefinition: t.arg.boolean({
        defaultValue: false,
        description: 'Run the newest version of its service instead of what it ran.',
      }),
    },
    resolve: async (query, _parent, { jobId, changes, newestDefinition }, { services, tokenId }) => {
      const { supervisor, serviceSupervisor } = services;
      const rerun = [jobIdFrom(jobId), changesOf(changes ?? {}), tokenId] as const;
      const id = await (newestDefinition === true
        ? serviceSupervisor.rerunWithNewest(...rerun)
        : supervisor.rerunJob(...rerun));
      return services.read.job.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
  setJobPinned: t.prismaField({
    authScopes: { run: true },
    extensions: onJob,
    type: 'Job',
    description:
      'Pins a job, so that retention leaves it alone whatever its age and size, or takes the pin away. It need not have ended.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Which job.' }),
      pinned: t.arg.boolean({ required: true, description: 'Whether it is to stay.' }),
    },
    resolve: async (query, _parent, { jobId, pinned }, { services }) => {
      const id = jobIdFrom(jobId);
      await services.supervisor.setJobPinned(id, pinned);
      return services.read.job.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
  deleteJob: t.field({
    authScopes: { exec: true },
    extensions: onJob,
    type: 'ID',
    description:
      'Removes a finished job with its log, for good, and gives its id. CONFLICT where it has not ended, or is pinned.',
    args: { jobId: t.arg.id({ required: true, description: 'Which job.' }) },
    resolve: async (_parent, { jobId }, { services }) => {
      const id = jobIdFrom(jobId);
      await services.supervisor.deleteJob(id);
      return String(id);
    },
  }),
}));
