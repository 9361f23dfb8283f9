import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import { appliedIn } from './applied-migrations.ts';
import { BUILT_DATABASE_PATH, builtDatabase } from './built-database.ts';
import type { DataDirectory } from './data-directory.ts';
import { snapshotDatabase } from './database-snapshot.ts';
import { syncDirectory, syncFile } from './durable-file.ts';
import { intoOneFile, MigratedCopy, removeUnfinishedCopies, rollBack } from './migrated-copy.ts';
import { migrationNames } from './migration-files.ts';
import type { RunMigrations } from './run-migrations.ts';
import { StartupError } from './startup-error.ts';

/** The file is no database, or SQLite finds it damaged. */
export class DamagedDatabaseError extends StartupError {}

/**
 * Brings the database to the newest schema: as a copy, which takes its place when all is done, so that a start that dies at any
 * moment leaves the old database or the new one. The file is backed up first when something will change it.
 * It keeps the `_prisma_migrations` table of the stock command line tool. The caller has the lease.
 * @param builtPath the database that a new data directory gets a copy of, where it is of these migrations
 * @throws StartupError if the database is from a newer version, damaged, or a migration fails; nothing is written to a newer one.
 */
export async function applyMigrations(
  directory: DataDirectory,
  run: RunMigrations,
  pass: PassCheckpoint = passUnwatched,
  builtPath = BUILT_DATABASE_PATH,
): Promise<readonly string[]> {
  const known = migrationNames();
  rollBack(directory.databasePath);
  const applied = withoutTraces(directory, () => checkMigrations(directory));
  removeUnfinishedCopies(directory);
  if (known.every((name) => applied.includes(name))) return [];
  const { databasePath } = directory;
  const former = existsSync(databasePath) ? databasePath : null;
  const built = former === null ? builtDatabase(builtPath, known) : null;
  if (former !== null) await intoOneFile(former);
  try {
    if (applied.length > 0) await backUp(directory);
    using copy = await MigratedCopy.of(former ?? built, directory);
    pass('DATABASE_COPIED');
    const made = built === null ? await run(copy.path) : known;
    await copy.settle();
    pass('COPY_MIGRATED');
    await copy.replace();
    pass('DATABASE_REPLACED');
    return made;
  } catch (error) {
    throw new StartupError(
      `The database ${databasePath} could not be brought to this version: ${(error as Error).message}. ` +
        `It is as it was; copies of it are in ${directory.backupsPath}. Go back to the former version, or make the database anew from the directories of the jobs: ${rebuildCommand(directory.path)}.`,
      { cause: error },
    );
  }
}

/**
 * The names of the migrations that a database has had, read only: what is refused stays as it is, byte for byte.
 * @throws StartupError where a newer version has written to it, and where it is damaged
 */
export function checkMigrations(place: Pick<DataDirectory, 'path' | 'databasePath'>): readonly string[] {
  const known = migrationNames();
  const applied = appliedMigrations(place);
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length === 0) return applied;
  throw new StartupError(
    `The database in ${place.path} was written by a newer version of Lifeline (it has ${unknown.join(', ')}). ` +
      'Nothing was changed. Install that version, or restore a backup from before the upgrade.',
  );
}

/** SQLite leaves files beside a database that it has only read. The caller has the lease: nobody else needs them. */
function withoutTraces<T>({ databasePath }: DataDirectory, look: () => T): T {
  const beside = ['-wal', '-shm'].map((suffix) => `${databasePath}${suffix}`);
  const made = beside.filter((path) => !existsSync(path));
  try {
    return look();
  } finally {
    if (made.length === beside.length) for (const path of made) rmSync(path, { force: true });
  }
}

function appliedMigrations({ path, databasePath }: Pick<DataDirectory, 'path' | 'databasePath'>): string[] {
  if (!existsSync(databasePath)) return [];
  try {
    return appliedIn(databasePath);
  } catch (error) {
    throw new DamagedDatabaseError(
      `The database ${databasePath} is damaged (${(error as Error).message}). Nothing was changed. ` +
        `The directories of the jobs have all but its tokens, its audit trail and the logins: ${rebuildCommand(path)} makes it anew from them. Or go back to a backup: lifeline restore BACKUP --data-dir ${path} --replace.`,
      { cause: error },
    );
  }
}

function rebuildCommand(path: string): string {
  return `lifeline rebuild --data-dir ${path}`;
}

/** A complete copy under a temporary name first, so that a half-written backup is never taken for one. */
async function backUp({ databasePath, backupsPath }: DataDirectory): Promise<void> {
  const part = join(backupsPath, 'before-migration.part');
  const target = join(backupsPath, `before-migration-${new Date().toISOString().replaceAll(':', '')}.db`);
  rmSync(part, { force: true });
  snapshotDatabase(databasePath, part);
  await syncFile(part);
  renameSync(part, target);
  await syncDirectory(backupsPath);
}
