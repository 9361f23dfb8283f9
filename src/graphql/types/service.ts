import type { ServiceDefinition } from '../../domain/service-definition.ts';
import type { DesiredState, ServiceState } from '../../domain/service-state.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import { builder, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../builder.ts';
import { checkPageSize } from '../page-size.ts';
import { checkRowCursor } from '../row-cursor.ts';
import { ServiceDefinitionRef } from './service-definition.ts';
import { ServiceFilter, servicesWhere } from './service-filter.ts';
import { DesiredStateRef, ServiceStateRef } from './service-state.ts';

builder.prismaObject('ServiceVersion', {
  authScopes: { read: true },
  description: 'What a service was defined to be.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: '1, 2, 3 … within the service.' }),
    savedAt: t.expose('savedAt', { type: 'DateTime', description: 'When it was saved.' }),
    savedBy: t.exposeString('savedBy', { description: 'By whom.' }),
    definition: t.field({
      type: ServiceDefinitionRef,
      description: 'The definition.',
      select: { definition: true },
      resolve: ({ definition }) => JSON.parse(definition) as ServiceDefinition,
    }),
  }),
});

builder.prismaObject('ServiceTransition', {
  authScopes: { read: true },
  description: 'One step in the life of a service.',
  fields: (t) => ({
    from: t.field({
      type: ServiceStateRef,
      description: 'The state before.',
      select: { from: true },
      resolve: (row) => row.from as ServiceState,
    }),
    to: t.field({
      type: ServiceStateRef,
      description: 'The state after.',
      select: { to: true },
      resolve: (row) => row.to as ServiceState,
    }),
    desired: t.field({
      type: DesiredStateRef,
      description: 'What was wanted after it.',
      select: { desired: true },
      resolve: (row) => row.desired as DesiredState,
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    why: t.exposeString('why', { nullable: true, description: 'Why, in one sentence.' }),
    jobId: t.id({
      nullable: true,
      description: 'The job that it is about.',
      select: { jobId: true },
      resolve: ({ jobId }) => jobId,
    }),
  }),
});

export const Service = builder.objectRef<ServiceRecord>('Service').implement({
  authScopes: { read: true },
  description:
    'A definition with a name, what is wanted of it, and what is seen of it. Each start of it is a job.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    version: t.exposeInt('version', {
      description: 'The number of its newest version: that of the next start.',
    }),
    definition: t.expose('definition', { type: ServiceDefinitionRef, description: 'Its newest version.' }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was saved first.',
      resolve: ({ createdAtMs }) => new Date(createdAtMs),
    }),
    desired: t.field({
      type: DesiredStateRef,
      description: 'What somebody wants of it.',
      resolve: ({ life }) => life.desired,
    }),
    state: t.field({
      type: ServiceStateRef,
      description: 'What is seen of it.',
      resolve: ({ life }) => life.state,
    }),
    since: t.field({
      type: 'DateTime',
      description: 'Since when it is in that state.',
      resolve: ({ sinceMs }) => new Date(sinceMs),
    }),
    why: t.string({
      nullable: true,
      description: 'Why, in one sentence for people.',
      resolve: ({ life }) => life.why,
    }),
    failures: t.int({
      description: 'How often its job has ended in a row without health in between.',
      resolve: ({ life }) => life.failures,
    }),
    retryAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'In BACKOFF: when it is tried again.',
      resolve: ({ life }) => (life.retryAtMs === null ? null : new Date(life.retryAtMs)),
    }),
    silentSince: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when it has written nothing, where that is for longer than its silenceAlarmMs.',
      resolve: ({ name }, _args, { services }) => {
        const sinceMs = services.serviceSupervisor.silentSinceMs(name);
        return sinceMs === null ? null : new Date(sinceMs);
      },
    }),
    scheduledRuns: t.prismaField({
      type: ['ScheduledRun'],
      description: 'The runs that were due last by its schedule, 100 at most, newest first.',
      complexity: 20,
      resolve: (query, { id }, _args, { services }) =>
        services.read.scheduledRun.findMany({
          ...query,
          where: { serviceId: id },
          orderBy: { dueAt: 'desc' },
          take: 100,
        }),
    }),
    currentJob: t.prismaField({
      type: 'Job',
      nullable: true,
      description: 'The job that keeps it up, or was the last to; null before the first.',
      resolve: (query, { life }, _args, { services }) =>
        life.jobId === null ? null : services.read.job.findUnique({ ...query, where: { id: life.jobId } }),
    }),
    jobs: t.prismaConnection(
      {
        type: 'Job',
        cursor: 'id',
        description: 'All its jobs, newest first.',
        complexity: ({ first, last }) => ({
          field: 1,
          multiplier: Math.min(first ?? last ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        }),
        resolve: (query, { id }, { first, last, after, before }, { services }) => {
          checkPageSize({ first, last }, MAX_PAGE_SIZE);
          checkRowCursor('after', after, 'jobs');
          checkRowCursor('before', before, 'jobs');
          return services.read.job.findMany({ ...query, where: { serviceId: id }, orderBy: { id: 'desc' } });
        },
      },
      {
        name: 'ServiceJobsConnection',
        authScopes: { read: true },
        description: 'A page of the jobs of a service.',
      },
      {
        name: 'ServiceJobsConnectionEdge',
        authScopes: { read: true },
        description: 'A job of a service and where it is in the list.',
      },
    ),
    versions: t.prismaField({
      type: ['ServiceVersion'],
      description: 'Its newest versions, 100 at most, newest first.',
      complexity: 20,
      resolve: (query, { id }, _args, { services }) =>
        services.read.serviceVersion.findMany({
          ...query,
          where: { serviceId: id },
          orderBy: { number: 'desc' },
          take: 100,
        }),
    }),
    transitions: t.prismaField({
      type: ['ServiceTransition'],
      description: 'The newest steps of its life, 100 at most, newest first.',
      complexity: 20,
      resolve: (query, { id }, _args, { services }) =>
        services.read.serviceTransition.findMany({
          ...query,
          where: { serviceId: id },
          orderBy: { number: 'desc' },
          take: 100,
        }),
    }),
  }),
});

builder.queryFields((t) => ({
  service: t.field({
    authScopes: { read: true },
    type: Service,
    nullable: true,
    description: 'One service, or null where there is none with this name.',
    args: { name: t.arg.string({ required: true, description: 'Its name.' }) },
    resolve: (_parent, { name }, { services }) => services.serviceSupervisor.services.get(name),
  }),
  services: t.field({
    authScopes: { read: true },
    type: [Service],
    description: 'The services, by name.',
    complexity: { field: 1, multiplier: 20 },
    args: { where: t.arg({ type: ServiceFilter, description: 'Only these.' }) },
    resolve: (_parent, { where }, { services }) =>
      [...services.serviceSupervisor.services.values()]
        .filter(servicesWhere(where ?? {}))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }),
}));
