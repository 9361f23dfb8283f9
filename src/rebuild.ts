import { setImmediate } from 'node:timers/promises';
import { OfflineError } from './offline-error.ts';
import { DataDirectory } from './storage/data-directory.ts';
import { Database } from './storage/database.ts';
import { writeDirectoryFormat } from './storage/directory-format.ts';
import { InstanceLease } from './storage/instance-lease.ts';
import { JobStore } from './storage/job-store.ts';
import { checkMigrations, DamagedDatabaseError } from './storage/migrations.ts';
import { openServices } from './storage/open-services.ts';
import { beginRebuildIfLost, markRebuild, moveDatabaseAside, rebuildIsDone } from './storage/rebuild-mark.ts';
import { rebuildOf } from './supervisor/lost-database.ts';
import { restoreRow } from './supervisor/restore-rows.ts';

/** So many rows are made at once, and committed together. */
const RESTORED_TOGETHER = 32;

/** What became of a database. */
export interface RebuildReport {
  /** How many jobs have a row again. */
  readonly jobs: number;
  /** Names of the services that have. */
  readonly services: readonly string[];
  /** Directories of jobs that could not be read and stay as they are. */
  readonly ignored: readonly { readonly jobId: number; readonly because: string }[];
  /** One sentence each. */
  readonly notRestored: readonly string[];
  /** Where the files of the former database are; `null` where there were none. */
  readonly damaged: string | null;
}

/**
 * Makes the database anew from the directories of jobs and services, while no server runs. Jobs that run go on; the next
 * start adopts them. The former files are moved aside, and never removed.
 * @param options.force also where the database is whole
 * @throws StartupError where a server runs, or nothing of this is possible; OfflineError where the database is whole
 */
export async function rebuild(
  dataDirectory: string,
  { force }: { readonly force: boolean },
): Promise<RebuildReport> {
  process.umask(0o077);
  const directory = DataDirectory.prepare(dataDirectory);
  using _lease = InstanceLease.take(directory);
  // One that was begun has nothing in its database that is not in the directories.
  const damaged = beginRebuildIfLost(directory) ? moveDatabaseAside(directory) : giveUp(directory, force);
  await using database = await Database.open(directory);
  const { restored } = await openServices(directory, database);
  const { jobs, ignored } = await restoreJobs(directory, new JobStore(database.read, database.gate));
  writeDirectoryFormat(directory.path);
  rebuildIsDone(directory);
  const { notRestored } = rebuildOf(restored);
  return { jobs, services: restored.restored, ignored, notRestored, damaged };
}

function giveUp(directory: DataDirectory, force: boolean): string | null {
  if (!force && isWhole(directory)) {
    throw new OfflineError(
      'The database is whole: there is nothing to make anew. Give --force to do it all the same; its tokens and its audit trail are lost then.',
    );
  }
  markRebuild(directory);
  return moveDatabaseAside(directory);
}

function isWhole(directory: DataDirectory): boolean {
  try {
    return checkMigrations(directory).length > 0;
  } catch (error) {
    if (error instanceof DamagedDatabaseError) return false;
    throw error;
  }
}

async function restoreJobs(
  dataDirectory: DataDirectory,
  store: JobStore,
): Promise<Pick<RebuildReport, 'jobs' | 'ignored'>> {
  const failures = new Map<number, string>();
  const log = {
    failure: (jobId: number | null, what: string, error: unknown) => {
      failures.set(jobId ?? 0, `${what}: ${String(error)}`);
    },
  };
  const ports = { dataDirectory, jobs: store, log };
  const ignored: { jobId: number; because: string }[] = [];
  const { jobIds, tombstones } = await dataDirectory.list();
  for (const tombstone of tombstones) await tombstone.remove();
  for (let at = 0; at < jobIds.length; at += RESTORED_TOGETHER) {
    const together = jobIds.slice(at, at + RESTORED_TOGETHER).map(async (jobId) => {
      const restored = await restoreRow(ports, jobId);
      if ('ignoredBecause' in restored)
        ignored.push({ jobId, because: failures.get(jobId) ?? restored.ignoredBecause });
    });
    await Promise.all(together);
    await setImmediate();
  }
  return { jobs: jobIds.length - ignored.length, ignored };
}
