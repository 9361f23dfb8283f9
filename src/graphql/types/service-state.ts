import { type DesiredState, SERVICE_STATES, type ServiceState } from '../../domain/service-state.ts';
import { builder } from '../builder.ts';

export const DesiredStateRef = builder.enumType('DesiredState', {
  description: 'What somebody wants of a service. Only a start, a stop and a cancel by hand change it.',
  values: {
    UP: { description: 'It shall run, or keep its schedule.' },
    DOWN: { description: 'Nothing of it shall run.' },
  } satisfies Record<DesiredState, { description: string }>,
});

const MEANINGS: Readonly<Record<ServiceState, string>> = {
  STOPPED: 'Nothing of it runs, and nothing shall.',
  WAITING: 'It shall run, and what it comes after is not so yet.',
  STARTING: 'Its job waits, or its program is being started.',
  RUNNING: 'Its program runs, and is not ready.',
  READY: 'Its program runs and is ready; without a readiness probe as soon as it runs.',
  STOPPING: 'Its job is being ended.',
  BACKOFF: 'Its job has ended, and it waits for the next try.',
  SUCCEEDED: 'Its job has ended well, and it is not started again.',
  FAILED: 'Its job has ended badly, and it is not started again.',
  GAVE_UP: 'It has ended too often in a row. Only a start by hand leaves it.',
  SCHEDULED: 'Its schedule is being kept; its runs are jobs of their own.',
};

export const ServiceStateRef = builder.enumType('ServiceState', {
  description: 'What is seen of a service.',
  values: Object.fromEntries(
    SERVICE_STATES.map((state) => [state, { value: state, description: MEANINGS[state] }]),
  ) as Record<ServiceState, { value: ServiceState; description: string }>,
});
