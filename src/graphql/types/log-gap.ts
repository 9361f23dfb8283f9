import type { JobId } from '../../domain/job-id.ts';
import type { LogGapReason } from '../../domain/log-line.ts';
import { builder } from '../builder.ts';
import { LogGapReasonRef } from './log-gap-reason.ts';

interface LogGapShape {
  readonly jobId: JobId;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly reason: LogGapReason;
}

export const LogGap = builder.objectRef<LogGapShape>('LogGap').implement({
  description: 'Lines that were there and are gone. What follows goes on after them.',
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'Whose log.' }),
    fromSeq: t.expose('fromSeq', { type: 'SafeInt', description: 'Seq of the first line that is gone.' }),
    toSeq: t.expose('toSeq', { type: 'SafeInt', description: 'Seq of the last line that is gone.' }),
    reason: t.expose('reason', { type: LogGapReasonRef, description: 'Why they are gone.' }),
  }),
});
