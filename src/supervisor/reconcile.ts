import type { PassCheckpoint } from '../domain/checkpoint.ts';
import type { JobId } from '../domain/job-id.ts';
import type { EnvEntry, JobSpec } from '../domain/job-spec.ts';
import type { JobStatus, OnEnd } from '../domain/job-status.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { readSpec, readTransitions } from '../storage/job-files.ts';
import type { ActiveJobRecord, CancellationRecord, JobRecord, JobStore } from '../storage/job-store.ts';
import { readExitRecord } from './exit-record.ts';
import type { EndRequest } from './end-request.ts';
import { processIdentity, type ResumedRun } from './job-run.ts';
import { isAlive } from './process-table.ts';
import type { TreeRoot } from './process-tree.ts';
import type { SupervisorLog } from './supervisor-log.ts';

/** What was found at the start, in numbers. */
export interface Reconciliation {
  readonly atMs: number;
  /** Alive, and taken over. */
  readonly adopted: number;
  /** Ended while no server was there; the exit record says how. */
  readonly finished: number;
  /** Ended unseen. */
  readonly lost: number;
  /** The former server died before their programs could start. */
  readonly failed: number;
  /** Waiting as before. */
  readonly requeued: number;
  /** Directories without a row, whose jobs wait as before. */
  readonly imported: number;
}

interface UnfinishedJob {
  readonly jobId: JobId;
  readonly spec: JobSpec;
  readonly status: JobStatus;
  readonly transitionCount: number;
}

export interface ReconcileResult {
  readonly resumed: readonly (UnfinishedJob & { readonly former: ResumedRun })[];
  readonly queued: readonly UnfinishedJob[];
  readonly reconciliation: Reconciliation;
}

type Verdict = 'adopted' | 'finished' | 'lost' | 'failed';

/**
 * Compares the recorded jobs with reality. It decides nothing by itself: each job that was active goes on in its own run,
 * which finds the same evidence and comes to the same end, also when a start is interrupted half-way.
 */
export async function reconcile(ports: {
  readonly dataDirectory: DataDirectory;
  readonly jobs: JobStore;
  readonly log: SupervisorLog;
  readonly host: HostIdentity;
  readonly pass: PassCheckpoint;
}): Promise<ReconcileResult> {
  const { dataDirectory, jobs, log, host } = ports;
  for (const tombstone of dataDirectory.tombstones()) {
    await jobs.deleteFinished(tombstone.jobId);
    await tombstone.remove();
  }
  const imported = await importQueued(ports);
  const counts: Record<Verdict, number> = { adopted: 0, finished: 0, lost: 0, failed: 0 };
  const resumed: (UnfinishedJob & { former: ResumedRun })[] = [];
  const queued: UnfinishedJob[] = [];
  for (const row of await jobs.unfinishedJobs()) {
    const job = {
      jobId: row.id,
      spec: readSpec(dataDirectory.jobDirectory(row.id))?.spec ?? specOfRow(row),
      status: row.status as JobStatus,
      transitionCount: await jobs.transitionCount(row.id),
    };
    if (job.status === 'QUEUED') {
      queued.push(job);
      continue;
    }
    const former = formerRun(row);
    const { verdict, evidence } = judge(former, host, dataDirectory.jobDirectory(row.id).exitRecordPath);
    counts[verdict] += 1;
    log.reconciled(row.id, verdict, evidence);
    resumed.push({ ...job, former });
    ports.pass('JOB_RECONCILED');
  }
  return {
    resumed,
    queued,
    reconciliation: { atMs: Date.now(), ...counts, requeued: queued.length - imported, imported },
  };
}

/**
 * A server that died between directory and row has left a job that nobody was told of, and that its requestId must find.
 * Directories of jobs that had begun are left alone and named.
 */
async function importQueued(ports: Parameters<typeof reconcile>[0]): Promise<number> {
  const { dataDirectory, jobs, log } = ports;
  let imported = 0;
  for (const jobId of await jobs.withoutRow(dataDirectory.jobIds())) {
    const directory = dataDirectory.jobDirectory(jobId);
    const stored = readSpec(directory);
    const transitions = readTransitions(directory);
    const [first] = transitions;
    if (stored === undefined || first === undefined || transitions.length !== 1) {
      log.reconciled(jobId, 'ignored', 'a job directory without a row in the database; it was left as it is');
      continue;
    }
    await jobs.insertQueued(jobId, stored.spec, stored.requestFingerprint, first);
    log.reconciled(jobId, 'imported', 'a job directory without a row in the database; the job is queued');
    imported += 1;
  }
  return imported;
}

function judge(
  former: ResumedRun,
  host: HostIdentity,
  exitRecordPath: string,
): { verdict: Verdict; evidence: string } {
  const record = readExitRecord(exitRecordPath);
  const { root } = former;
  if (root === null || record.aborted)
    return { verdict: 'failed', evidence: 'the gate of its program never opened' };
  if (record.exitStatus !== null) {
    return { verdict: 'finished', evidence: `the exit record says ${String(record.exitStatus)}` };
  }
  if (former.host.bootId !== host.bootId) return { verdict: 'lost', evidence: 'the machine was restarted' };
  if (former.host.pidNamespace !== host.pidNamespace)
    return { verdict: 'lost', evidence: 'it ran in another pid namespace' };
  if (isAlive(root.shim) || isAlive(root.program)) {
    return { verdict: 'adopted', evidence: `pid ${String(root.program.pid)} with its start time is alive` };
  }
  return {
    verdict: 'lost',
    evidence: `pid ${String(root.program.pid)} with its start time is gone, without an exit record`,
  };
}

function formerRun(
  row: JobRecord & { active: ActiveJobRecord | null; cancellation: CancellationRecord | null },
): ResumedRun {
  const { active, cancellation, startedAt } = row;
  return {
    root: active === null ? null : treeRoot(active),
    host: { bootId: active?.bootId ?? '', pidNamespace: active?.pidNamespace ?? '' },
    startedAtMs: startedAt === null ? null : startedAt.getTime(),
    endRequest: cancellation === null ? null : endRequest(cancellation),
  };
}

function treeRoot(active: ActiveJobRecord): TreeRoot | null {
  const shim = processIdentity(active.shimPid, active.shimStartTicks);
  const program = processIdentity(active.programPid, active.programStartTicks);
  return shim === null || program === null ? null : { cookie: active.cookie, shim, program };
}

function endRequest(cancellation: CancellationRecord): EndRequest {
  return {
    reason: cancellation.reason as EndRequest['reason'],
    gracePeriodMs: Number(cancellation.gracePeriodMs),
    requestedBy: cancellation.requestedBy,
    requestedAtMs: cancellation.requestedAt.getTime(),
  };
}

/** What a row says of its job, where the directory is gone. */
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
    labels: JSON.parse(row.labels) as string[],
    requestId: row.requestId,
    rerunOfId: row.rerunOfId,
    attempt: row.attempt,
  };
}
