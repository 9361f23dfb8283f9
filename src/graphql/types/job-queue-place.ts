import type { JobQueuePlace, QueueReason } from '../../domain/job-queue-place.ts';
import { builder } from '../builder.ts';

const QueueReasonRef = builder.enumType('QueueReason', {
  description: 'What keeps a job in the queue.',
  values: {
    SERVER_LIMIT: { description: 'It is next, and as many jobs run as --max-running allows.' },
    AHEAD_IN_QUEUE: { description: 'As many jobs run as --max-running allows, and others go before it.' },
    CONCURRENCY_LIMIT: {
      description:
        'As many jobs run with its concurrency key as its own limit allows. Those behind it pass it.',
    },
    DISK_LOW: { description: 'The disk has less room than --min-free-bytes asks for.' },
    SERVER_STOPPING: { description: 'The server is stopping, and starts no job.' },
  } satisfies Record<QueueReason, { description: string }>,
});

export const JobQueuePlaceRef = builder.objectRef<JobQueuePlace>('JobQueuePlace').implement({
  authScopes: { read: true },
  description: 'Where a waiting job stands, and why it waits.',
  fields: (t) => ({
    position: t.exposeInt('position', {
      description: '1 for the first of all that wait, those included whose concurrency key holds them back.',
    }),
    reason: t.expose('reason', { type: QueueReasonRef, description: 'What keeps it there.' }),
    message: t.exposeString('message', { description: 'The same in one sentence for people.' }),
  }),
});
