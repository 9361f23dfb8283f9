import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { BACKUP_DATABASE } from './backup.ts';
import { OfflineError } from './offline-error.ts';
import { BackupError } from './storage/backup-error.ts';
import { hasEntries, readManifest, restoreFiles, type BackupManifest } from './storage/backup-files.ts';
import { DataDirectory } from './storage/data-directory.ts';
import { Database } from './storage/database.ts';
import { checkIntegrity } from './storage/database-snapshot.ts';
import { DIRECTORY_FORMAT, RESTORE_MARK, writeDirectoryFormat } from './storage/directory-format.ts';
import { InstanceLease } from './storage/instance-lease.ts';
import type { StepRecord, UnfinishedJobRecord } from './storage/job-records.ts';
import { JobStore } from './storage/job-store.ts';
import { checkMigrations } from './storage/migrations.ts';
import { openServices } from './storage/open-services.ts';
import { appendTransition } from './storage/transition-file.ts';
import type { JobStatus } from './domain/job-status.ts';
import { catchUpRow, restoreRow } from './supervisor/restore-rows.ts';

export interface RestoreReport {
  /** Absolute path of the data directory. */
  readonly dataDirectory: string;
  /** When the backup was made, ISO 8601. */
  readonly madeAt: string;
  readonly jobs: number;
  /** Ids of the jobs that had not ended then, and are LOST now. */
  readonly lost: readonly number[];
  /** Names of the services that somebody wanted up then: the next start of a server starts them. */
  readonly wantedUp: readonly string[];
  /** Where that is which was in the data directory before; `null` where it was empty. */
  readonly replaced: string | null;
}

/**
 * Makes a data directory of a backup, while no server runs on it. Jobs that had not ended then are LOST: their processes, if
 * there are any, belong to the data directory of which the backup is, and no server takes them over by a copy.
 * @param options.replace moves what is in the data directory aside first
 * @throws OfflineError, BackupError, StartupError
 */
export async function restore(
  source: string,
  dataDirectory: string,
  { replace }: { readonly replace: boolean },
): Promise<RestoreReport> {
  process.umask(0o077);
  const path = resolve(source);
  const target = resolve(dataDirectory);
  const manifest = checked(path);
  if (hasEntries(target) && !replace) {
    throw new OfflineError(
      `${target} is not empty. Name a new directory with --data-dir, or give --replace to move what is there aside.`,
    );
  }
  if (!relative(target, path).startsWith('..'))
    throw new OfflineError('The backup is in the data directory. Move it to another place first.');
  mkdirSync(target, { recursive: true, mode: 0o700 });
  using _lease = InstanceLease.take({ path: target, leasePath: join(target, 'lease') });
  const replaced = moveAside(target);
  const directory = DataDirectory.prepare(target);
  writeFileSync(join(target, RESTORE_MARK), `${path}\n`, { mode: 0o600 });
  restoreFiles(path, manifest, (name) =>
    name === BACKUP_DATABASE ? directory.databasePath : join(directory.path, name),
  );
  await using database = await Database.open(directory);
  const { store } = await openServices(directory, database);
  const jobs = new JobStore(database.read, database.gate);
  const lost = await endUnfinished(directory, jobs, manifest);
  const wantedUp = (await store.all()).filter(({ life }) => life.desired === 'UP').map(({ name }) => name);
  writeDirectoryFormat(directory.path);
  rmSync(join(target, RESTORE_MARK));
  const { madeAt } = manifest;
  return { dataDirectory: directory.path, madeAt, jobs: manifest.jobs, lost, wantedUp, replaced };
}

/** Before anything is written. */
function checked(path: string): BackupManifest {
  const manifest = readManifest(path);
  if (manifest.directoryFormat > DIRECTORY_FORMAT) {
    throw new BackupError(
      `The backup ${path} is of a data directory of a newer version of Lifeline (${manifest.version}). Restore it with that version.`,
    );
  }
  const databasePath = join(path, BACKUP_DATABASE);
  const integrity = checkIntegrity(databasePath);
  if (integrity !== 'ok')
    throw new BackupError(`The database of the backup ${path} is damaged: ${integrity}.`);
  checkMigrations({ path, databasePath });
  return manifest;
}

/** What is the lease's is not moved away under it. */
function moveAside(target: string): string | null {
  const names = readdirSync(target).filter((name) => !name.startsWith('lease.'));
  if (names.length === 0) return null;
  const aside = join(target, `replaced-${new Date().toISOString().replaceAll(':', '')}`);
  mkdirSync(aside, { mode: 0o700 });
  for (const name of names) renameSync(join(target, name), join(aside, name));
  return aside;
}

async function endUnfinished(
  dataDirectory: DataDirectory,
  jobs: JobStore,
  { madeAt }: BackupManifest,
): Promise<number[]> {
  const log = {
    failure: (jobId: number | null, what: string, error: unknown) => {
      throw new BackupError(`Job ${String(jobId)}: ${what}.`, { cause: error });
    },
  };
  const ports = { dataDirectory, jobs, log };
  for (const jobId of await jobs.withoutRow((await dataDirectory.list()).jobIds))
    await restoreRow(ports, jobId);
  const lost: number[] = [];
  for (const found of await jobs.unfinishedJobs()) {
    const { row } = await catchUpRow(ports, found);
    if (row === null) continue;
    const step = lostStep(row, madeAt);
    const directory = dataDirectory.jobDirectory(row.id);
    if (existsSync(directory.path)) appendTransition(directory, step);
    await jobs.advance(row.id, step);
    lost.push(row.id);
  }
  return lost;
}

function lostStep(row: UnfinishedJobRecord, madeAt: string): StepRecord {
  const message =
    row.status === 'QUEUED'
      ? `The job waited to run when the backup of ${madeAt} was made. Whether it has run since is not in the backup; rerun it if it shall.`
      : `The job ran when the backup of ${madeAt} was made. What became of it since is not in the backup.`;
  return {
    number: row._count.transitions + 1,
    from: row.status as JobStatus,
    to: 'LOST',
    atMs: Date.now(),
    reason: 'IDENTITY_GONE',
    cause: `restored from the backup of ${madeAt}`,
    facts: { message, finishedAtMs: Date.parse(madeAt) },
  };
}
