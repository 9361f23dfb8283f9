import { describeActor } from '../../domain/audit.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { ServiceOrder } from '../../supervisor/services/service-supervisor.ts';
import { z } from 'zod';
import { onService } from '../audit-subject.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { Service } from './service.ts';
import { ServiceFilter, servicesWhere } from './service-filter.ts';
import { definitionOf, SaveServiceInput } from './service-input.ts';

const DEFAULT_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 10 * 60_000;
const WAITING =
  'The error NOT_READY says that it is not so after `waitMs`; what was asked for goes on then. SERVICE_FAILED: it has ended and is not tried again.';

const waitMs = z
  .int()
  .nonnegative('waitMs is a number of milliseconds; it cannot be negative.')
  .max(LONGEST_WAIT_MS, `waitMs can be ${String(LONGEST_WAIT_MS)} at most.`);
const waitArgument = {
  defaultValue: DEFAULT_WAIT_MS,
  description: 'Milliseconds to wait until it is so, 600000 at most; 0 does not wait.',
  validate: waitMs,
} as const;

function order(context: GraphQLContext, waitMs: number | null | undefined): ServiceOrder {
  return { by: describeActor(context), waitMs: waitMs ?? DEFAULT_WAIT_MS, signal: context.signal };
}

type Verb = 'start' | 'stop' | 'restart';
type WaitMs = number | null | undefined;

/** Gives an order to several services. @returns them as they are when it is so */
async function give(
  context: GraphQLContext,
  verb: Verb,
  names: readonly string[],
  waitMs: WaitMs,
): Promise<ServiceRecord[]> {
  const { serviceSupervisor } = context.services;
  await serviceSupervisor[verb](names, order(context, waitMs));
  return names.map((name) => serviceSupervisor.get(name));
}

async function giveOne(
  context: GraphQLContext,
  verb: Verb,
  name: string,
  waitMs: WaitMs,
): Promise<ServiceRecord> {
  await give(context, verb, [name], waitMs);
  return context.services.serviceSupervisor.get(name);
}

function namesWhere(
  { services }: GraphQLContext,
  where: typeof ServiceFilter.$inferInput,
): readonly string[] {
  const all = [...services.serviceSupervisor.services.values()];
  return all.filter(servicesWhere(where)).map(({ name }) => name);
}

builder.mutationFields((t) => ({
  saveService: t.field({
    authScopes: { exec: true },
    extensions: onService,
    type: Service,
    description:
      'Stores a definition: a new service, which is down, or a new version of one, unless nothing is different. What runs goes on; the new version is that of the next start.',
    args: { input: t.arg({ type: SaveServiceInput, required: true, description: 'All of it.' }) },
    resolve: (_parent, { input }, context) =>
      context.services.serviceSupervisor.save(input.name, definitionOf(input), describeActor(context)),
  }),
  deleteService: t.field({
    authScopes: { exec: true },
    extensions: onService,
    type: 'String',
    description:
      'Removes a service with its versions, and gives its name; its jobs stay. CONFLICT where it is up, unless `stopFirst`, or where others come after it.',
    args: {
      name: t.arg.string({ required: true, description: 'Which service.' }),
      stopFirst: t.arg.boolean({ defaultValue: false, description: 'Stop it before, if it is up.' }),
      waitMs: t.arg.int(waitArgument),
    },
    resolve: async (_parent, { name, stopFirst, waitMs }, context) => {
      const options = { ...order(context, waitMs), stopFirst: stopFirst ?? false };
      await context.services.serviceSupervisor.delete(name, options);
      return name;
    },
  }),
  startService: t.field({
    authScopes: { run: true },
    extensions: onService,
    type: Service,
    description: `Wants a service up, and what it comes after; answers when it is ready, has succeeded, or keeps its schedule. ${WAITING}`,
    args: {
      name: t.arg.string({ required: true, description: 'Which service.' }),
      waitMs: t.arg.int(waitArgument),
    },
    resolve: (_parent, { name, waitMs }, context) => giveOne(context, 'start', name, waitMs),
  }),
  stopService: t.field({
    authScopes: { run: true },
    extensions: onService,
    type: Service,
    description: `Wants a service down, and what comes after it, which goes first; answers when it is. ${WAITING}`,
    args: {
      name: t.arg.string({ required: true, description: 'Which service.' }),
      waitMs: t.arg.int(waitArgument),
    },
    resolve: (_parent, { name, waitMs }, context) => giveOne(context, 'stop', name, waitMs),
  }),
  restartService: t.field({
    authScopes: { run: true },
    extensions: onService,
    type: Service,
    description: `Ends the job of a service, waits for that, and starts a new one, of its newest version; answers when that is up. What comes after it goes on. ${WAITING}`,
    args: {
      name: t.arg.string({ required: true, description: 'Which service.' }),
      waitMs: t.arg.int(waitArgument),
    },
    resolve: (_parent, { name, waitMs }, context) => giveOne(context, 'restart', name, waitMs),
  }),
  startServices: t.field({
    authScopes: { run: true },
    extensions: onService,
    type: [Service],
    description: `Wants a group of services up, each after what it comes after, the others side by side; answers when all are. ${WAITING}`,
    args: {
      where: t.arg({ type: ServiceFilter, required: true, description: 'Which services.' }),
      waitMs: t.arg.int(waitArgument),
    },
    resolve: (_parent, { where, waitMs }, context) =>
      give(context, 'start', namesWhere(context, where), waitMs),
  }),
  stopServices: t.field({
    authScopes: { run: true },
    extensions: onService,
    type: [Service],
    description: `Wants a group of services down, in reverse order; answers when all are. ${WAITING}`,
    args: {
      where: t.arg({ type: ServiceFilter, required: true, description: 'Which services.' }),
      waitMs: t.arg.int(waitArgument),
    },
    resolve: (_parent, { where, waitMs }, context) =>
      give(context, 'stop', namesWhere(context, where), waitMs),
  }),
}));
