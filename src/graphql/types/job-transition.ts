import type { JobReason, JobStatus } from '../../domain/job-status.ts';
import { builder } from '../builder.ts';
import { JobReasonRef } from './job-reason.ts';
import { JobStatusRef } from './job-status.ts';

builder.prismaObject('JobTransition', {
  authScopes: { read: true },
  description: 'One step in the life of a job.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: '1, 2, 3 … within the job.' }),
    from: t.field({
      type: JobStatusRef,
      nullable: true,
      description: 'The status before; null for the first step.',
      select: { from: true },
      resolve: (row) => row.from as JobStatus | null,
    }),
    to: t.field({
      type: JobStatusRef,
      description: 'The status after.',
      select: { to: true },
      resolve: (row) => row.to as JobStatus,
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    reason: t.field({
      type: JobReasonRef,
      description: 'Why.',
      select: { reason: true },
      resolve: (row) => row.reason as JobReason,
    }),
    cause: t.exposeString('cause', {
      nullable: true,
      description: 'Who or what caused it, in one sentence.',
    }),
  }),
});
