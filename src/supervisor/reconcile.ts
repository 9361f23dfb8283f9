import { mkdirSync } from 'node:fs';
import type { PassCheckpoint } from '../domain/checkpoint.ts';
import type { JobId } from '../domain/job-id.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { isFinal, type JobStatus } from '../domain/job-status.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { JobDirectoryListing } from '../storage/data-directory.ts';
import { readSpec } from '../storage/job-files.ts';
import type { UnfinishedJobRecord } from '../storage/job-records.ts';
import { Breather } from './breather.ts';
import { formerRun, specOfRow } from './former-run.ts';
import type { ProcessTable } from './process-table.ts';
import { reconciliationOf, type Rebuild, type Reconciliation, type ReconciledJob } from './reconciliation.ts';
import type { ResumedRun } from './resumed-run.ts';
import { catchUpRow, restoreRow, type RestorePorts } from './restore-rows.ts';
import type { SupervisorLog } from './supervisor-log.ts';
import { judge } from './verdict.ts';

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

export interface ReconcilePorts extends RestorePorts {
  readonly log: SupervisorLog;
  readonly host: HostIdentity;
  readonly table: ProcessTable;
  readonly pass: PassCheckpoint;
  /** What is known already of a database that had to be made anew; default: none had to. */
  readonly rebuild?: Rebuild | null;
}

/** So many rows are made at once, and committed together. */
const RESTORED_TOGETHER = 32;

/**
 * Compares what is recorded with reality. Of a job's two records the directory is the one that is never behind: a row that
 * is missing is made from it, a row that is behind is brought forward, and only then is it judged.
 *
 * It ends no job by itself: each that had left the queue goes on in its own run, which finds the same evidence. Each write
 * here is one transaction that depends on nothing but what is on file, so a start that is interrupted anywhere comes to
 * the same at the next.
 */
export async function reconcile(
  ports: ReconcilePorts,
  listing: JobDirectoryListing,
): Promise<ReconcileResult> {
  const { jobs } = ports;
  for (const tombstone of listing.tombstones) {
    await jobs.deleteFinished(tombstone.jobId);
    await tombstone.remove();
  }
  const work = new Reconcile(ports, new Set(listing.jobIds));
  const breather = new Breather();
  const withoutRow = await jobs.withoutRow(listing.jobIds);
  for (let at = 0; at < withoutRow.length; at += RESTORED_TOGETHER) {
    await breather.pause();
    const together = withoutRow.slice(at, at + RESTORED_TOGETHER);
    await Promise.all(together.map(async (jobId) => work.restore(jobId)));
  }
  for (const row of await jobs.unfinishedJobs()) {
    await breather.pause();
    await work.goOn(row);
  }
  return {
    resumed: work.resumed,
    queued: work.queued,
    reconciliation: reconciliationOf(work.found, ports.rebuild ?? null),
  };
}

/** One pass, and what it has found so far. */
class Reconcile {
  readonly resumed: (UnfinishedJob & { readonly former: ResumedRun })[] = [];
  readonly queued: UnfinishedJob[] = [];
  readonly found: ReconciledJob[] = [];
  readonly #ports: ReconcilePorts;
  readonly #directories: ReadonlySet<JobId>;
  readonly #imported = new Set<JobId>();

  constructor(ports: ReconcilePorts, directories: ReadonlySet<JobId>) {
    this.#ports = ports;
    this.#directories = directories;
  }

  /** For a directory without a row. */
  async restore(jobId: JobId): Promise<void> {
    const restored = await restoreRow(this.#ports, jobId);
    if ('ignoredBecause' in restored) {
      this.#tell(
        jobId,
        'IGNORED',
        `its directory has no row and was left as it is, because ${restored.ignoredBecause}`,
      );
      return;
    }
    this.#imported.add(jobId);
    if (isFinal(restored.status)) this.#tell(jobId, 'IMPORTED', `it had ended as ${restored.status}`);
  }

  /** For a row without an end. */
  async goOn(found: UnfinishedJobRecord): Promise<void> {
    const { row, lastStep } = await catchUpRow(this.#ports, found);
    if (row === null) {
      const status = lastStep === null ? found.status : lastStep.to;
      this.#tell(
        found.id,
        'FINISHED',
        `its directory says ${status}, and its row still said ${found.status}`,
      );
      return;
    }
    const behind = lastStep === null ? '' : `; its row was behind its directory, at ${found.status}`;
    if (row.status === 'QUEUED') this.#wait(row);
    else await this.#resume(row, behind);
  }

  #wait(row: UnfinishedJobRecord): void {
    const stored = readSpec(this.#directoryOf(row));
    if (stored === undefined) {
      this.resumed.push({
        ...unfinished(row, undefined),
        former: {
          ...formerRun(row, this.#directoryOf(row), this.#ports.host),
          launchFailure: 'The directory of the job was removed while it waited, so it cannot be started.',
        },
      });
      this.#tell(row.id, 'FAILED', 'it waited to run, and its directory is gone or cannot be read');
      return;
    }
    this.queued.push(unfinished(row, stored.spec));
    const verdict = this.#imported.has(row.id) ? 'IMPORTED' : 'REQUEUED';
    this.#tell(row.id, verdict, 'it had not begun, and keeps its place in the queue');
  }

  async #resume(row: UnfinishedJobRecord, behind: string): Promise<void> {
    const { host } = this.#ports;
    const directory = this.#directoryOf(row);
    const former = formerRun(row, directory, host);
    const { verdict, evidence } = await judge(former, this.#ports, directory);
    const hasDirectory = this.#directories.has(row.id);
    // What the rest of its life writes needs a place; what was in it is not made up.
    if (!hasDirectory) mkdirSync(directory.path, { mode: 0o700, recursive: true });
    this.resumed.push({ ...unfinished(row, readSpec(directory)?.spec), former });
    const gone = hasDirectory ? '' : '; its directory was gone';
    this.#tell(row.id, verdict, `${evidence}${gone}${behind}`);
    this.#ports.pass('JOB_RECONCILED');
  }

  #directoryOf(row: UnfinishedJobRecord) {
    return this.#ports.dataDirectory.jobDirectory(row.id);
  }

  #tell(jobId: JobId, verdict: ReconciledJob['verdict'], what: string): void {
    const imported = this.#imported.has(jobId);
    const text = imported ? `its row was missing and was made from its directory; ${what}` : what;
    const evidence = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
    this.found.push({ jobId, verdict, imported, evidence });
    this.#ports.log.reconciled(jobId, verdict, evidence);
  }
}

function unfinished(row: UnfinishedJobRecord, spec: JobSpec | undefined): UnfinishedJob {
  return {
    jobId: row.id,
    spec: spec ?? specOfRow(row),
    status: row.status as JobStatus,
    transitionCount: row._count.transitions,
  };
}
