import { JobNotFoundError } from '../../domain/errors.ts';
import { describeActor } from '../../domain/audit.ts';
import { parseJobId } from '../../domain/job-id.ts';
import { jobIdFrom } from '../../domain/written-job-id.ts';
import type { JobSignal } from '../../domain/job-signal.ts';
import type { JobReason, JobStatus, OnEnd } from '../../domain/job-status.ts';
import type { LogOverflow } from '../../domain/log-limit.ts';
import type { JobTrigger } from '../../domain/service-state.ts';
import { onJob } from '../audit-subject.ts';
import { builder, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../builder.ts';
import { given } from '../given.ts';
import { checkRowCursor } from '../row-cursor.ts';
import { jobStates } from '../job-states.ts';
import { JobLogView } from '../job-log-view.ts';
import { checkPageSize } from '../page-size.ts';
import { readEnv, readStrings } from '../stored-json.ts';
import { EnvVar } from './env.ts';
import { JobFilter, jobsWhere, narrowedIds } from './job-filter.ts';
import { JobLog } from './job-log.ts';
import { JobQueuePlaceRef } from './job-queue-place.ts';
import { JobReasonRef } from './job-reason.ts';
import { JobSignalRef } from './job-signal.ts';
import { JobStatusRef } from './job-status.ts';
import { LogOverflowRef } from './log-overflow.ts';
import { OnEndRef } from './on-end.ts';
import { Service } from './service.ts';
import { JobTriggerRef } from './job-trigger.ts';
import { runsWhatIsDefined, StartJobInput, startJobRequest } from './start-job-input.ts';

export const Job = builder.prismaObject('Job', {
  authScopes: { read: true },
  // Only the columns that are asked for are read: a row is wide, a page has up to 500.
  select: { id: true },
  description: 'One life of one process and its descendants: one command, one log, one outcome.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A positive integer, given in order, never given twice.' }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The word its request came with.',
    }),
    status: t.field({
      type: JobStatusRef,
      description: 'Where it is in its life.',
      select: { status: true },
      resolve: (job) => job.status as JobStatus,
    }),
    reason: t.field({
      type: JobReasonRef,
      description: 'Why it is there.',
      select: { reason: true },
      resolve: (job) => job.reason as JobReason,
    }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'What happened, in one sentence for people.',
    }),
    command: t.field({
      type: ['String'],
      description: 'The program and its arguments. For a script: /bin/sh, -c, the script.',
      select: { command: true },
      resolve: (job) => readStrings(job.command),
    }),
    script: t.exposeString('script', {
      nullable: true,
      description: 'The script, where it was started with one.',
    }),
    cwd: t.exposeString('cwd', { description: 'Absolute path of its working directory.' }),
    env: t.field({
      type: [EnvVar],
      description: 'The variables that its request gave.',
      select: { env: true },
      resolve: (job) => readEnv(job.env),
    }),
    hasSecrets: t.exposeBoolean('hasSecrets', {
      description:
        'Whether some of them are secrets, which are masked in its log: each of their bytes is an asterisk wherever it is read.',
    }),
    labels: t.field({
      type: ['String'],
      description: 'Words to find it by.',
      select: { labels: true },
      resolve: (job) => readStrings(job.labels),
    }),
    timeoutMs: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Milliseconds after which it is ended as TIMED_OUT; null for never.',
      select: { timeoutMs: true },
      resolve: (job) => (job.timeoutMs === null ? null : Number(job.timeoutMs)),
    }),
    gracePeriodMs: t.field({
      type: 'SafeInt',
      description:
        'Milliseconds between the polite signal and SIGKILL, unless a cancel gives a shorter time.',
      select: { gracePeriodMs: true },
      resolve: (job) => Number(job.gracePeriodMs),
    }),
    onEnd: t.field({
      type: OnEndRef,
      description: 'What happens to processes that its program leaves behind.',
      select: { onEnd: true },
      resolve: (job) => job.onEnd as OnEnd,
    }),
    priority: t.exposeInt('priority', {
      description: 'Of waiting jobs the one with the highest goes first, of equals the oldest.',
    }),
    concurrencyKey: t.exposeString('concurrencyKey', {
      nullable: true,
      description:
        'Of jobs with the same one no more than concurrencyLimit run at once; null for no such limit.',
    }),
    concurrencyLimit: t.exposeInt('concurrencyLimit', {
      description: 'How many jobs with its concurrencyKey may run, itself included.',
    }),
    maxLogBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description:
        'The cap of its log in bytes, streams and index together; null for a job of a version without caps.',
      select: { maxLogBytes: true },
      resolve: (job) => (job.maxLogBytes === null ? null : Number(job.maxLogBytes)),
    }),
    logOverflow: t.field({
      type: LogOverflowRef,
      description: 'What becomes of it when its log reaches the cap.',
      select: { logOverflow: true },
      resolve: (job) => job.logOverflow as LogOverflow,
    }),
    queue: t.field({
      type: JobQueuePlaceRef,
      nullable: true,
      description:
        'Its place in the queue at this moment, and why it waits; null where it does not wait. No change of the job is told ' +
        'when its place changes: ask again.',
      select: { id: true },
      resolve: (job, _args, { services }) => services.supervisor.queuePlaceOf(job.id),
    }),
    stopSignal: t.field({
      type: JobSignalRef,
      description: 'The polite signal of its end.',
      select: { stopSignal: true },
      resolve: (job) => job.stopSignal as JobSignal,
    }),
    stopCommand: t.field({
      type: ['String'],
      nullable: true,
      description: 'The program that is run instead of that signal, and its arguments; null for none.',
      select: { stopCommand: true },
      resolve: (job) => (job.stopCommand === null ? null : readStrings(job.stopCommand)),
    }),
    pid: t.exposeInt('pid', {
      nullable: true,
      description: 'Process id of its program; null before it runs.',
    }),
    exitCode: t.exposeInt('exitCode', {
      nullable: true,
      description:
        'Exit code of its program; 128 + n where signal n ended it; null where there is none or none is known.',
    }),
    signal: t.exposeString('signal', {
      nullable: true,
      description: 'The signal that ended its program, such as SIGKILL.',
    }),
    signalInferred: t.exposeBoolean('signalInferred', {
      description:
        'True where the signal is read from the exit code, which a program can also give by itself (143 and SIGTERM).',
    }),
    queuedAt: t.expose('queuedAt', { type: 'DateTime', description: 'When it was accepted.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its program began; null before.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was over; null before.',
    }),
    durationMs: t.field({
      type: 'SafeInt',
      nullable: true,
      description:
        'Milliseconds from its start to its end, or until now while it runs; null where it never started.',
      select: { startedAt: true, finishedAt: true },
      resolve: ({ startedAt, finishedAt }) =>
        // A clock that was set back must not make it negative.
        startedAt === null ? null : Math.max(0, (finishedAt?.getTime() ?? Date.now()) - startedAt.getTime()),
    }),
    allocatedBytes: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Bytes that it takes on the disk, measured at its end; null before.',
      select: { allocatedBytes: true },
      resolve: ({ allocatedBytes }) => (allocatedBytes === null ? null : Number(allocatedBytes)),
    }),
    pinned: t.exposeBoolean('pinned', {
      description: 'Whether retention leaves it alone; see setJobPinned.',
    }),
    trigger: t.field({
      type: JobTriggerRef,
      description: 'Why it was made.',
      select: { trigger: true },
      resolve: (job) => job.trigger as JobTrigger,
    }),
    service: t.field({
      type: Service,
      nullable: true,
      description: 'The service that it is a job of; null where it is of none, or the service was deleted.',
      select: { serviceId: true, serviceName: true },
      resolve: ({ serviceId, serviceName }, _args, { services }) =>
        serviceId === null ? null : services.serviceSupervisor.services.get(serviceName ?? ''),
    }),
    serviceName: t.exposeString('serviceName', {
      nullable: true,
      description: 'The name of that service, also where it was deleted.',
    }),
    serviceVersion: t.exposeInt('serviceVersion', {
      nullable: true,
      description: 'Which version of that service it runs.',
    }),
    dueAt: t.expose('dueAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was due, for a run by schedule.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it is tried again, for a run of a service that has failed; null where it is not, or has been.',
    }),
    attempt: t.exposeInt('attempt', { description: '1 for a first run, one more for each rerun or retry.' }),
    rerunOf: t.relation('rerunOf', {
      nullable: true,
      description: 'The job that it is a rerun or retry of.',
    }),
    cancellation: t.relation('cancellation', {
      nullable: true,
      description: 'Its forced end (by a cancel or a timeout), if there was one.',
    }),
    transitions: t.relation('transitions', {
      description: 'The steps of its life so far, in order.',
      query: { orderBy: { number: 'asc' } },
    }),
    log: t.field({
      type: JobLog,
      description: 'What it has written so far.',
      complexity: 5,
      select: { id: true },
      resolve: (job, _args, { services }) => new JobLogView(services, job.id),
    }),
  }),
});

builder.queryFields((t) => ({
  job: t.prismaField({
    authScopes: { read: true },
    type: 'Job',
    nullable: true,
    description: 'One job, or null where there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (query, _parent, args, { services }) => {
      const id = parseJobId(args.id);
      return id === undefined ? null : services.read.job.findUnique({ ...query, where: { id } });
    },
  }),
  jobs: t.prismaConnection(
    {
      authScopes: { read: true },
      type: 'Job',
      cursor: 'id',
      description: 'The jobs, newest first: 50 a page unless `first` or `last` says otherwise, 500 at most.',
      args: { where: t.arg({ type: JobFilter, description: 'Only these.' }) },
      complexity: ({ first, last }) => ({
        field: 1,
        multiplier: Math.min(first ?? last ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
      }),
      resolve: async (query, _parent, { where, first, last, after, before }, { services }) => {
        checkPageSize({ first, last }, MAX_PAGE_SIZE);
        checkRowCursor('after', after, 'jobs');
        checkRowCursor('before', before, 'jobs');
        return services.read.job.findMany({
          ...query,
          where: { AND: [jobsWhere(where ?? {}), await narrowedIds(services.read, where ?? {})] },
          orderBy: { id: 'desc' },
        });
      },
    },
    { name: 'JobConnection', authScopes: { read: true }, description: 'A page of jobs.' },
    { name: 'JobEdge', authScopes: { read: true }, description: 'A job and where it is in the list.' },
  ),
}));

builder.mutationFields((t) => ({
  startJob: t.prismaField({
    authScopes: (_parent, { input }) => (runsWhatIsDefined(input) ? { run: true } : { exec: true }),
    extensions: onJob,
    type: 'Job',
    description: 'Starts a job. What is known to be wrong at once is a coded error, and no job is made.',
    args: { input: t.arg({ type: StartJobInput, required: true, description: 'What to run, and how.' }) },
    resolve: async (query, _parent, { input }, { services, tokenId }) => {
      const request = startJobRequest(input);
      const id =
        input.service == null
          ? await services.supervisor.startJob(request, tokenId)
          : await services.serviceSupervisor.runOnDemand(input.service, request, tokenId);
      return services.read.job.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
  cancelJob: t.prismaField({
    authScopes: { run: true },
    extensions: onJob,
    type: 'Job',
    description:
      'Ends a job: the polite signal, the grace period, then SIGKILL to what is left. Answers at once, with the job as it is then. ' +
      'A repeat changes nothing, unless its grace period is shorter; a finished job is returned unchanged.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Which job.' }),
      gracePeriodMs: t.arg.int({
        description:
          'Milliseconds between the polite signal and SIGKILL, instead of the job’s own; 0 kills now.',
      }),
    },
    resolve: async (query, _parent, { jobId, gracePeriodMs }, context) => {
      const id = jobIdFrom(jobId);
      const { services } = context;
      const requestedBy = describeActor(context);
      await services.supervisor.cancelJob(id, { ...given({ gracePeriodMs }), requestedBy });
      return services.read.job.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
}));

builder.subscriptionFields((t) => ({
  jobChanged: t.prismaField({
    authScopes: { read: true },
    type: 'Job',
    description:
      'The job as it is now, then after each change; completes after its final state. States that pass quickly may be skipped, ' +
      'and one may come twice.',
    args: { jobId: t.arg.id({ required: true, description: 'Which job.' }) },
    subscribe: (_parent, { jobId }, context) => jobStates(context, jobId),
    resolve: async (query, jobId, _args, { services }) => {
      const job = await services.read.job.findUnique({ ...query, where: { id: jobId } });
      if (job === null) throw new JobNotFoundError(jobId);
      return job;
    },
  }),
}));
