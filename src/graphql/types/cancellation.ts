import type { JobReason } from '../../domain/job-status.ts';
import type { StopCommandReport } from '../../domain/stop-command-report.ts';
import type { TerminatedProcess } from '../../domain/terminated-process.ts';
import { builder } from '../builder.ts';
import type { Containment } from '../../domain/containment.ts';
import { readProcesses, readStopCommandReport } from '../stored-json.ts';
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

const StopCommandReportRef = builder.objectRef<StopCommandReport>('StopCommandReport').implement({
  authScopes: { read: true },
  description: 'What became of the stop command of a job.',
  fields: (t) => ({
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it was run.',
      resolve: ({ startedAtMs }) => new Date(startedAtMs),
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it had ended, or was killed; null while it runs, and where its end was not seen.',
      resolve: ({ finishedAtMs }) => (finishedAtMs === null ? null : new Date(finishedAtMs)),
    }),
    exitCode: t.exposeInt('exitCode', {
      nullable: true,
      description: 'Null where it has none: it runs, was killed, or could not be started.',
    }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'What happened, with the last line that it wrote; null while it runs.',
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
    stopCommand: t.field({
      type: StopCommandReportRef,
      nullable: true,
      description:
        'What became of the stop command; null where none was run. Where it failed, the polite signal was sent at once.',
      select: { stopCommand: true },
      resolve: ({ stopCommand }) => (stopCommand === null ? null : readStopCommandReport(stopCommand)),
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
