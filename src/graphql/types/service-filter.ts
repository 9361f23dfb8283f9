import type { DesiredState, ServiceState } from '../../domain/service-state.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import { DesiredStateRef, ServiceStateRef } from './service-state.ts';

export const ServiceFilter = builder.inputType('ServiceFilter', {
  description: 'Which services. Everything that is given must hold.',
  fields: (t) => ({
    names: t.stringList({ description: 'With one of these names.' }),
    labels: t.stringList({ description: 'With all of these labels.' }),
    states: t.field({ type: [ServiceStateRef], description: 'In one of these states.' }),
    desired: t.field({ type: DesiredStateRef, description: 'Of which this is wanted.' }),
  }),
});

interface ServiceFilterShape {
  readonly names?: readonly string[] | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly states?: readonly ServiceState[] | null | undefined;
  readonly desired?: DesiredState | null | undefined;
}

/** Whether a service is one of those. */
export function servicesWhere(filter: ServiceFilterShape): (service: ServiceRecord) => boolean {
  const { names, labels, states, desired } = given(filter);
  return ({ name, life, definition }) =>
    names?.includes(name) !== false &&
    labels?.every((label) => definition.labels.includes(label)) !== false &&
    states?.includes(life.state) !== false &&
    (desired === undefined || desired === life.desired);
}
