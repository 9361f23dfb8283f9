import { builder, MAX_PAGE_SIZE } from '../builder.ts';
import type { LoopDelay, ServerLimits, Services } from '../services.ts';
import { ContainmentMeansRef, ContainmentRef } from './containment.ts';
import { DiskRef } from './disk.ts';
import { MAX_LINES } from './job-log.ts';
import { ReconciliationRef } from './reconciliation.ts';
import { RetentionRef } from './retention.ts';

const ServerLimitsRef = builder.objectRef<ServerLimits>('ServerLimits').implement({
  authScopes: { read: true },
  description: 'What the server allows.',
  fields: (t) => ({
    maxRunning: t.exposeInt('maxRunning', {
      description: 'Jobs that run at the same time; further ones wait.',
    }),
    maxStreams: t.exposeInt('maxStreams', { description: 'Streams that are open at once, of all tokens.' }),
    maxStreamsPerToken: t.exposeInt('maxStreamsPerToken', {
      description: 'Streams of one token, its sessions included, that are open at once.',
    }),
    maxJobsPerToken: t.exposeInt('maxJobsPerToken', {
      description: 'Jobs that one token has started and that have not ended.',
    }),
    maxStartsPerMinute: t.exposeInt('maxStartsPerMinute', {
      description: 'Jobs that one token may start in a minute; so many at once after a quiet one.',
    }),
    maxStreamAgeMs: t.expose('maxStreamAgeMs', {
      type: 'SafeInt',
      nullable: true,
      description:
        'Milliseconds after which a stream is cut, or up to a quarter less; its client resumes. Null: never.',
    }),
    maxStallMs: t.expose('maxStallMs', {
      type: 'SafeInt',
      nullable: true,
      description: 'Milliseconds after which a stream is cut whose client takes nothing of it. Null: never.',
    }),
    maxJobsPerPage: t.int({ description: 'Rows of one page of `jobs`.', resolve: () => MAX_PAGE_SIZE }),
    maxLinesPerPage: t.int({ description: 'Lines of one page of a log.', resolve: () => MAX_LINES }),
  }),
});

const EventLoopDelayRef = builder.objectRef<LoopDelay>('EventLoopDelay').implement({
  authScopes: { read: true },
  description:
    'How late the server came to what was due, because it was busy with something else: looked at 20 times a second.',
  fields: (t) => ({
    p50Ms: t.exposeFloat('p50Ms', { description: 'Half of the looks came later than so many milliseconds.' }),
    p99Ms: t.exposeFloat('p99Ms', {
      description: 'One look in a hundred came later than so many milliseconds.',
    }),
    maxMs: t.exposeFloat('maxMs', { description: 'The latest look, in milliseconds.' }),
    windowMs: t.exposeInt('windowMs', {
      description:
        'Over so many milliseconds, or half as many: the window moves on by halves, so that an old spike goes away.',
    }),
  }),
});

const Server = builder.objectRef<Services>('Server').implement({
  authScopes: { read: true },
  description: 'The server that answers.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Its version.' }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it was started.',
      resolve: ({ startedAtMs }) => new Date(startedAtMs),
    }),
    uptimeMs: t.field({
      type: 'SafeInt',
      description: 'Milliseconds since then.',
      resolve: ({ startedAtMs }) => Math.max(0, Date.now() - startedAtMs),
    }),
    activeJobs: t.int({
      description: 'Entries of the active map: jobs that are starting, running or being cancelled.',
      resolve: ({ supervisor }) => supervisor.activeJobs,
    }),
    queuedJobs: t.int({
      description: 'Jobs that wait for a free place.',
      resolve: ({ supervisor }) => supervisor.queuedJobs,
    }),
    openChannels: t.int({
      description: 'Channels of live logs: one for each job that is queued or active.',
      resolve: ({ bus }) => bus.size,
    }),
    subscribers: t.int({
      description: 'Readers that are attached to a live log, or to changes of jobs or services.',
      resolve: ({ bus, supervisor, serviceSupervisor }) =>
        bus.subscribers + supervisor.changes.subscribers + serviceSupervisor.changes.subscribers,
    }),
    openStreams: t.int({
      description: 'Streams that are open or reserved, as they count for the limits.',
      resolve: ({ streams }) => streams.taken,
    }),
    eventLoopDelay: t.field({
      type: EventLoopDelayRef,
      description:
        'How late it comes to what is due. Above some 100 ms it has more to do than one core gives.',
      resolve: ({ loopDelay }) => loopDelay.read(),
    }),
    limits: t.field({
      type: ServerLimitsRef,
      description: 'What it allows.',
      resolve: ({ limits }) => limits,
    }),
    containment: t.field({
      type: ContainmentRef,
      description: 'How sure it is that it finds all processes of a job.',
      resolve: ({ containment }) => (containment === 'none' ? 'BEST_EFFORT' : 'CONTAINED'),
    }),
    containmentMeans: t.expose('containment', {
      type: ContainmentMeansRef,
      description: 'What holds the processes of jobs together that it starts now.',
    }),
    disk: t.field({
      type: DiskRef,
      description: 'How full the disk of the data directory is.',
      resolve: ({ disk }) => disk.state,
    }),
    retention: t.field({
      type: RetentionRef,
      description: 'What is kept of finished jobs, and what was removed.',
      resolve: ({ retention }) => retention,
    }),
    lastReconciliation: t.field({
      type: ReconciliationRef,
      nullable: true,
      description: 'What it found of earlier jobs when it was started; null until it has looked.',
      resolve: ({ supervisor }) => supervisor.lastReconciliation,
    }),
  }),
});

builder.queryField('server', (t) =>
  t.field({
    authScopes: { read: true },
    type: Server,
    description: 'The server that answers.',
    resolve: (_parent, _args, { services }) => services,
  }),
);
