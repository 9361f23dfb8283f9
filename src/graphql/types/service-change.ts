import { builder } from '../builder.ts';
import { type ServiceChangePayload, serviceChanges } from '../service-changes.ts';
import { Service } from './service.ts';
import { ServiceFilter, servicesWhere } from './service-filter.ts';

const ServiceChangeKind = builder.enumType('ServiceChangeKind', {
  description: 'What an event of `servicesChanged` says.',
  values: {
    SNAPSHOT: { description: 'These are the services that match: forget what was shown before.' },
    UPSERT: { description: 'These services match and are new or have changed.' },
    REMOVED: { description: 'These services match no more, or were deleted.' },
  },
});

const ServiceChange = builder.objectRef<ServiceChangePayload>('ServiceChange').implement({
  authScopes: { read: true },
  description: 'What has become of the services that are watched.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ServiceChangeKind, description: 'What to do with it.' }),
    names: t.stringList({ description: 'Which services.', resolve: ({ names }) => names.slice() }),
    services: t.field({
      type: [Service],
      description: 'The services as they are now; empty for REMOVED.',
      resolve: ({ services }) => services.slice(),
    }),
  }),
});

builder.subscriptionField('servicesChanged', (t) =>
  t.field({
    authScopes: { read: true },
    type: ServiceChange,
    description:
      'The services that match, as a SNAPSHOT first, then each change, also that a job of it was made, conflated to the latest state.',
    args: { where: t.arg({ type: ServiceFilter, description: 'Only these.' }) },
    subscribe: (_parent, { where }, context) => serviceChanges(context, servicesWhere(where ?? {})),
    resolve: (change) => change,
  }),
);
