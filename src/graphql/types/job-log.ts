import { InvalidInputError } from '../../domain/errors.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import type { JobLogView, LogPageView } from '../job-log-view.ts';
import { checkPageSize } from '../page-size.ts';
import { LogGap } from './log-gap.ts';
import { LogLine } from './log-line.ts';
import { LogStreamRef } from './log-stream.ts';

/** Lines of a page when neither `first` nor `last` is given. */
const DEFAULT_LINES = 100;
/** The most lines of a page; more is refused. */
export const MAX_LINES = 1_000;

const LogPageInfo = builder.objectRef<LogPageView>('LogPageInfo').implement({
  authScopes: { read: true },
  description: 'Where a page of lines stands in its log.',
  fields: (t) => ({
    startSeq: t.expose('startSeq', {
      type: 'SafeInt',
      nullable: true,
      description: 'Seq of the first line of the page, for `before`; null where the page is empty.',
    }),
    endSeq: t.expose('endSeq', {
      type: 'SafeInt',
      nullable: true,
      description: 'Seq of the last line of the page, for `after`; null where the page is empty.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPrevious', {
      description: 'Whether there are such lines before the page.',
    }),
    hasNextPage: t.exposeBoolean('hasNext', {
      description: 'Whether there are such lines after the page by now; a running job may write more.',
    }),
  }),
});

const LogPage = builder.objectRef<LogPageView>('LogPage').implement({
  authScopes: { read: true },
  description: 'Some lines of a log, in order.',
  fields: (t) => ({
    nodes: t.field({
      type: [LogLine],
      description: 'The lines, by ascending seq, from whichever end they were asked.',
      complexity: { field: 0, multiplier: 1 },
      resolve: (page) => page.lines,
    }),
    gaps: t.field({
      type: [LogGap],
      description: 'What is missing among them.',
      // Between the lines of a page: not so many for each.
      complexity: { field: 0, multiplier: 1 },
      resolve: ({ jobId, gaps }) => gaps.map((gap) => ({ jobId, ...gap })),
    }),
    pageInfo: t.field({
      type: LogPageInfo,
      description: 'Where they stand in the log.',
      resolve: (page) => page,
    }),
  }),
});

export const JobLog = builder.objectRef<JobLogView>('JobLog').implement({
  authScopes: { read: true },
  description: 'What a job has written so far. It is kept when the job is over.',
  fields: (t) => ({
    lastSeq: t.field({
      type: 'SafeInt',
      description: 'Seq of the last line so far; 0 where there is none.',
      resolve: async (log) => (await log.totals()).lastSeq,
    }),
    stdoutBytes: t.field({
      type: 'SafeInt',
      description: 'Bytes of standard output that have been read so far.',
      resolve: async (log) => (await log.totals()).stdoutBytes,
    }),
    stderrBytes: t.field({
      type: 'SafeInt',
      description: 'Bytes of standard error that have been read so far.',
      resolve: async (log) => (await log.totals()).stderrBytes,
    }),
    stdoutLines: t.field({
      type: 'SafeInt',
      description: 'Lines of standard output so far; every piece of a continued line counts.',
      resolve: async (log) => (await log.totals()).stdoutLines,
    }),
    stderrLines: t.field({
      type: 'SafeInt',
      description: 'Lines of standard error so far; every piece of a continued line counts.',
      resolve: async (log) => (await log.totals()).stderrLines,
    }),
    keptFromSeq: t.field({
      type: 'SafeInt',
      description: 'Seq of the first line that is still kept; 1 where nothing was trimmed.',
      resolve: (log) => log.keptFromSeq(),
    }),
    keptBytes: t.field({
      type: 'SafeInt',
      description: 'Bytes of both streams and the index that are kept: what counts against maxLogBytes.',
      resolve: (log) => log.keptBytes(),
    }),
    heldBack: t.boolean({
      description:
        'Whether its output waits at this moment, since it was written faster than it is read: its program is not stopped, but its next write is. It goes on by itself.',
      resolve: (log) => log.pressure.isHeldBack,
    }),
    problem: t.string({
      nullable: true,
      description:
        'Why the log of a running job is larger than maxLogBytes, although it should lose its oldest lines; null where that is not so.',
      resolve: (log) => log.pressure.problem,
    }),
    lines: t.field({
      type: LogPage,
      description:
        'A page of lines. Without arguments: the first 100. A page of long lines has fewer than were asked for: it ends at 1 MiB of text, and `pageInfo` says that there are more.',
      args: {
        after: t.arg({ type: 'SafeInt', description: 'Only lines with a higher seq.' }),
        before: t.arg({ type: 'SafeInt', description: 'Only lines with a lower seq.' }),
        first: t.arg.int({
          description: 'At most so many lines, from the beginning or after `after`. At most 1000.',
        }),
        last: t.arg.int({
          description: 'At most so many lines, from the end or before `before`. At most 1000.',
        }),
        streams: t.arg({ type: [LogStreamRef], description: 'Only lines of these streams.' }),
      },
      complexity: ({ first, last }) => ({
        field: 5,
        multiplier: Math.min(first ?? last ?? DEFAULT_LINES, MAX_LINES),
      }),
      resolve: (log, { after, before, first, last, streams }) => {
        checkPageSize({ first, last }, MAX_LINES);
        for (const [field, seq] of Object.entries(given({ after, before }))) {
          if (seq < 0)
            throw new InvalidInputError(`${field} is the seq of a line; it cannot be negative.`, field);
        }
        return log.page({
          ...given({ after, before, last, streams }),
          ...((last ?? null) === null && { first: first ?? DEFAULT_LINES }),
        });
      },
    }),
  }),
});
