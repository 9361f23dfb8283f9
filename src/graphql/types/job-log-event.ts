import { z } from 'zod';
import { builder } from '../builder.ts';
import { jobLogEvents, type JobLogPayload, type JobLogPayloadOf } from '../job-log-events.ts';
import { LogGap } from './log-gap.ts';
import { LogLine } from './log-line.ts';
import { LogStreamRef } from './log-stream.ts';

/** A reader may ask for a sign of life this often, and no oftener. */
const SHORTEST_HEARTBEAT_MS = 100;
/** As many lines as `tail` can ask for. */
const LONGEST_TAIL = 1_000_000;

const PASSED =
  'Highest seq that this reader has passed, filtered lines included. Resume with `after` set to it.';

export const LogLines = builder.objectRef<JobLogPayloadOf<'LogLines'>>('LogLines').implement({
  description: 'Further lines of a log, in order.',
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'Whose log.' }),
    lines: t.field({
      type: [LogLine],
      description: 'The lines, by ascending seq.',
      resolve: ({ batches }) => batches.flatMap((batch) => batch.lines()),
    }),
    lastSeq: t.expose('lastSeq', { type: 'SafeInt', description: PASSED }),
  }),
});

export const LogHeartbeat = builder.objectRef<JobLogPayloadOf<'LogHeartbeat'>>('LogHeartbeat').implement({
  description: 'Nothing new, but the connection lives. Only where heartbeatMs was given.',
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'Whose log.' }),
    at: t.field({
      type: 'DateTime',
      description: 'When it was sent.',
      resolve: ({ atMs }) => new Date(atMs),
    }),
    lastSeq: t.expose('lastSeq', { type: 'SafeInt', description: PASSED }),
  }),
});

export const LogDone = builder.objectRef<JobLogPayloadOf<'LogDone'>>('LogDone').implement({
  description:
    'The job is over and its log complete. Exactly one, after the last line; the only proof of the end.',
  fields: (t) => ({
    job: t.prismaField({
      type: 'Job',
      description: 'The job in its final state.',
      resolve: (query, { jobId }, _args, { services }) =>
        services.read.job.findUniqueOrThrow({ ...query, where: { id: jobId } }),
    }),
    lastSeq: t.expose('lastSeq', {
      type: 'SafeInt',
      description: 'Seq of the last line of the log; 0 where there is none.',
    }),
    endedWithoutNewline: t.field({
      type: [LogStreamRef],
      description: 'The streams whose last line no newline ended.',
      resolve: ({ endedWithoutNewline }) => endedWithoutNewline,
    }),
  }),
});

/** Of each door that follows a log. */
export const tailArgument = {
  description: 'Begin with the last so many lines, counted after filtering, instead of `after`.',
  validate: z
    .int()
    .nonnegative('tail is a number of lines; it cannot be negative.')
    .max(LONGEST_TAIL, `tail can be ${String(LONGEST_TAIL)} at most.`),
} as const;
export const heartbeatArgument = {
  description:
    'Send a LogHeartbeat where nothing else came for so many milliseconds; 100 at least. Default: none.',
  validate: z.int().min(SHORTEST_HEARTBEAT_MS, `heartbeatMs is ${String(SHORTEST_HEARTBEAT_MS)} at least.`),
} as const;

const JobLogEvent = builder.unionType('JobLogEvent', {
  description: 'What a follower of a log is told.',
  types: [LogLines, LogGap, LogHeartbeat, LogDone],
  resolveType: (event) => (event as JobLogPayload).kind,
});

builder.subscriptionField('jobLogs', (t) =>
  t.field({
    authScopes: { read: true },
    type: JobLogEvent,
    description:
      'A job’s log: what it has written so far, then what it goes on to write, each line exactly once, then one LogDone, ' +
      'then `complete`. A finished job replays and ends the same way. `complete` without LogDone is no end: resume.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Which job.' }),
      after: t.arg({
        type: 'SafeInt',
        description: 'Only lines with a higher seq. Default 0: from the beginning. Beyond the end it waits.',
        validate: z.int().nonnegative('after is the seq of a line, or 0; it cannot be negative.'),
      }),
      tail: t.arg.int(tailArgument),
      streams: t.arg({ type: [LogStreamRef], description: 'Only lines of these streams. Default: both.' }),
      heartbeatMs: t.arg.int(heartbeatArgument),
    },
    subscribe: (_parent, args, context) => jobLogEvents(context, args),
    resolve: (event) => event,
  }),
);
