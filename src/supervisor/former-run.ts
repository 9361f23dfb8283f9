import type { JobSignal } from '../domain/job-signal.ts';
import type { EnvEntry } from '../domain/env-entry.ts';
import type { JobService, JobSpec } from '../domain/job-spec.ts';
import type { OnEnd } from '../domain/job-status.ts';
import { NO_LOG_CAP, type LogOverflow } from '../domain/log-limit.ts';
import type { JobTrigger } from '../domain/service-state.ts';
import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type {
  ActiveJobRecord,
  CancellationRecord,
  JobRecord,
  UnfinishedJobRecord,
} from '../storage/job-records.ts';
import { readTransitions } from '../storage/transition-file.ts';
import type { EndRequest } from './end-request.ts';
import { processAgeMs, sinceMs } from './process-clock.ts';
import type { TreeRoot } from './process-tree.ts';
import type { ResumedRun } from './resumed-run.ts';

/** What a row, and the directory beside it, say of the run that a former server had begun. */
export function formerRun(row: UnfinishedJobRecord, directory: JobDirectory, now: HostIdentity): ResumedRun {
  const { active, cancellation, startedAt } = row;
  const root = active === null ? null : treeRoot(active);
  const host = { bootId: active?.bootId ?? '', pidNamespace: active?.pidNamespace ?? '' };
  const isHere = host.bootId === now.bootId && host.pidNamespace === now.pidNamespace;
  const ageMs = root !== null && isHere ? processAgeMs(root.program) : null;
  return {
    root,
    host,
    startedAtMs: startedAt === null ? null : startedAt.getTime(),
    startedMonotonicMs: performance.now() - (ageMs ?? wallAgeMs(startedAt)),
    endRequest: cancellation === null ? null : endRequest(cancellation),
    endRequestedMonotonicMs:
      performance.now() - (cancellation === null ? 0 : askedAgoMs(cancellation, directory)),
    launchFailure: 'The server ended before the program could start.',
  };
}

function askedAgoMs({ requestedAt }: CancellationRecord, directory: JobDirectory): number {
  const intent = readTransitions(directory).find(({ to }) => to === 'CANCELLING')?.cancellation;
  return sinceMs({ uptimeMs: intent?.requestedUptimeMs ?? null, wallMs: requestedAt.getTime() });
}

function wallAgeMs(startedAt: Date | null): number {
  return startedAt === null ? 0 : Math.max(0, Date.now() - startedAt.getTime());
}

function treeRoot(active: ActiveJobRecord): TreeRoot | null {
  const shim = processIdentity(active.shimPid, active.shimStartTicks);
  const program = processIdentity(active.programPid, active.programStartTicks);
  return shim === null || program === null ? null : { cookie: active.cookie, shim, program };
}

function processIdentity(pid: number | null, startTicks: bigint | null): ProcessIdentity | null {
  return pid === null || startTicks === null ? null : { pid, startTicks: Number(startTicks) };
}

function endRequest(cancellation: CancellationRecord): EndRequest {
  return {
    reason: cancellation.reason as EndRequest['reason'],
    gracePeriodMs: Number(cancellation.gracePeriodMs),
    requestedBy: cancellation.requestedBy,
    requestedAtMs: cancellation.requestedAt.getTime(),
  };
}

/** What a row says of its job, where the directory is gone: all but its standard input, whether it was unbuffered,
 * and who asked for it. */
export function specOfRow(row: JobRecord): JobSpec {
  return {
    command: JSON.parse(row.command) as string[],
    script: row.script,
    cwd: row.cwd,
    env: JSON.parse(row.env) as EnvEntry[],
    stdin: null,
    unbuffered: false,
    timeoutMs: row.timeoutMs === null ? null : Number(row.timeoutMs),
    gracePeriodMs: Number(row.gracePeriodMs),
    onEnd: row.onEnd as OnEnd,
    stopSignal: row.stopSignal as JobSignal,
    stopCommand: row.stopCommand === null ? null : (JSON.parse(row.stopCommand) as string[]),
    priority: row.priority,
    concurrencyKey: row.concurrencyKey,
    concurrencyLimit: row.concurrencyLimit,
    maxLogBytes: row.maxLogBytes === null ? NO_LOG_CAP : Number(row.maxLogBytes),
    logOverflow: row.logOverflow as LogOverflow,
    labels: JSON.parse(row.labels) as string[],
    requestId: row.requestId,
    rerunOfId: row.rerunOfId,
    attempt: row.attempt,
    tokenId: null,
    trigger: row.trigger as JobTrigger,
    dueAtMs: row.dueAt === null ? null : row.dueAt.getTime(),
    service: serviceOfRow(row),
  };
}

function serviceOfRow({ serviceId, serviceName, serviceVersion, serviceRun }: JobRecord): JobService | null {
  if (serviceId === null || serviceName === null || serviceVersion === null) return null;
  return { id: serviceId, name: serviceName, version: serviceVersion, run: serviceRun };
}
