import type { JobReason } from '../../domain/job-status.ts';
import type { TerminatedProcess } from '../../domain/terminated-process.ts';
import { builder } from '../builder.ts';
import type { Containment } from '../../domain/containment.ts';
import { readProcesses } from '../stored-json.ts';
import { ContainmentRef } from './containment.ts';
import { JobReasonRef } from './job-reason.ts';

const CancelledProcess = builder.objectRef<TerminatedProcess>('CancelledProcess').implement({
  authScopes: { read: true },
  description: 'A process that was there when a job was ended.',
  fields: (t) => ({
    pid: t.exposeInt('pid', { description: 'Its process id.' }),
    command: t.exposeString('command', { description: 'What it ran.' }),
    signals: t.stringList({
      description: 'The signals that it got, in order, such as SIGTERM.',
      resolve: ({ signals }) => [...signals],
    }),
    goneAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was seen to be gone; null where it survives.',
      resolve: ({ goneAtMs }) => (goneAtMs === null ? null : new Date(goneAtMs)),
    }),
  }),
});

builder.prismaObject('Cancellation', {
  authScopes: { read: true },
  description: 'The forced end of a job: what was asked for, and what came of it.',
  fields: (t) => ({
    reason: t.field({
      type: JobReasonRef,
      description: 'CANCEL_REQUESTED, TIMEOUT, LOG_LIMIT or SERVER_STOPPED.',
      select: { reason: true },
      resolve: (row) => row.reason as JobReason,
    }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When it was first asked for.' }),
    requestedBy: t.exposeString('requestedBy', {
      nullable: true,
      description: 'Who asked for it, where it is known.',
    }),
    gracePeriodMs: t.field({
      type: 'SafeInt',
      description: 'Milliseconds between the polite signal and SIGKILL; the shortest that was asked for.',
      select: { gracePeriodMs: true },
      resolve: (row) => Number(row.gracePeriodMs),
    }),
    killedAt: t.expose('killedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When SIGKILL was sent; null where the polite signal was enough, or while the grace period runs.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When nothing of the job was left; null until then.',
    }),
    containment: t.field({
      type: ContainmentRef,
      description: 'How sure it is that no process of the job was missed.',
      select: { containment: true },
      resolve: (row) => row.containment as Containment,
    }),
    processes: t.field({
      type: [CancelledProcess],
      description: 'The processes that were there, and which signals they got.',
      select: { processes: true },
      resolve: (row) => readProcesses(row.processes),
    }),
  }),
});
