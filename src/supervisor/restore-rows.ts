import { existsSync } from 'node:fs';
import type { JobId } from '../domain/job-id.ts';
import { isActive, type JobStatus } from '../domain/job-status.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { readIdentity } from '../storage/identity-file.ts';
import { JobDirectoryUnreadableError, loadSpec } from '../storage/job-files.ts';
import type { StepRecord, UnfinishedJobRecord } from '../storage/job-records.ts';
import type { JobStore } from '../storage/job-store.ts';
import { readTransitions, stepsAfter } from '../storage/transition-file.ts';
import type { SupervisorLog } from './supervisor-log.ts';

export interface RestorePorts {
  readonly dataDirectory: DataDirectory;
  readonly jobs: JobStore;
  readonly log: Pick<SupervisorLog, 'failure'>;
}

/** What became of a directory without a row: the status that its job has now, or why it is no job. */
export type Restored = { readonly status: JobStatus } | { readonly ignoredBecause: string };

/** Makes the row of a job that only its directory knows. What cannot be read stays as it is. */
export async function restoreRow(ports: RestorePorts, jobId: JobId): Promise<Restored> {
  const { jobs, log } = ports;
  const directory = ports.dataDirectory.jobDirectory(jobId);
  try {
    const stored = loadSpec(directory);
    const [first, ...later] = stepsAfter(readTransitions(directory), 0, null);
    if (first === undefined) return { ignoredBecause: 'it has no transition that can be read' };
    // Nothing is waited for before this, so that jobs that are restored together are made in order.
    const pinned = existsSync(directory.pinPath);
    const known = await jobs.importJob(jobId, stored, [first, ...later], readIdentity(directory), pinned);
    if (known !== null) return { ignoredBecause: `its requestId is that of job ${String(known)}` };
    return { status: (later.at(-1) ?? first).to };
  } catch (error) {
    if (error instanceof JobDirectoryUnreadableError) return { ignoredBecause: error.message };
    log.failure(jobId, 'the row of the job could not be made from its directory', error);
    return { ignoredBecause: 'its row could not be made; the log of the server says why' };
  }
}

/** How far a row was behind its directory. */
export interface CaughtUp {
  /** The row as it is now; `null` if the job had ended in its directory. */
  readonly row: UnfinishedJobRecord | null;
  /** The last step that the row lacked. */
  readonly lastStep: StepRecord | null;
}

/** Brings a row forward to where its directory is: a former server died after it wrote the one and before the other. */
export async function catchUpRow(ports: RestorePorts, row: UnfinishedJobRecord): Promise<CaughtUp> {
  const directory = ports.dataDirectory.jobDirectory(row.id);
  const status = row.status as JobStatus;
  const steps = stepsAfter(readTransitions(directory), row._count.transitions, status);
  const lastStep = steps.at(-1) ?? null;
  const lacksIdentity = isActive(lastStep?.to ?? status) && !hasIdentity(row);
  const identity = lacksIdentity ? readIdentity(directory) : null;
  if (lastStep === null && identity === null) return { row, lastStep };
  try {
    await ports.jobs.catchUp(row.id, status, steps, identity);
    return { row: await ports.jobs.unfinishedJob(row.id), lastStep };
  } catch (error) {
    ports.log.failure(row.id, 'the row of the job could not be brought to where its directory is', error);
    return { row, lastStep: null };
  }
}

function hasIdentity({ active }: UnfinishedJobRecord): boolean {
  return active?.programPid != null && active.shimPid !== null;
}
