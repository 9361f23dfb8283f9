import { builder } from '../builder.ts';
import type { JobLogPayload } from '../job-log-events.ts';
import { serviceLogEvents } from '../service-log-events.ts';
import { heartbeatArgument, LogDone, LogHeartbeat, LogLines, tailArgument } from './job-log-event.ts';
import { LogGap } from './log-gap.ts';
import { LogStreamRef } from './log-stream.ts';

const ServiceLogEvent = builder.unionType('ServiceLogEvent', {
  description:
    'What a follower of a service is told. LogDone ends the log of one job; that of the next follows when there is one.',
  types: [LogLines, LogGap, LogHeartbeat, LogDone],
  resolveType: (event) => (event as JobLogPayload).kind,
});

builder.subscriptionField('serviceLogs', (t) =>
  t.field({
    authScopes: { read: true },
    type: ServiceLogEvent,
    description:
      'The logs of a service’s jobs, one after the other: each as `jobLogs` gives it, then that of the next job, also of one that is yet to come. ' +
      'It has no end, unless the service is deleted.',
    args: {
      name: t.arg.string({ required: true, description: 'Which service.' }),
      after: t.arg.string({
        description:
          'Go on behind a line: the id of its job, a colon, and its seq, such as 17:203. 0:0 is the beginning of its first job. Default: the beginning of its newest job.',
      }),
      tail: t.arg.int({
        ...tailArgument,
        description: 'Begin with the last so many lines of its newest job.',
      }),
      streams: t.arg({ type: [LogStreamRef], description: 'Only lines of these streams. Default: both.' }),
      heartbeatMs: t.arg.int(heartbeatArgument),
    },
    subscribe: (_parent, args, context) => serviceLogEvents(context, args),
    resolve: (event) => event,
  }),
);
