import Database from 'better-sqlite3';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';
import { migrationNames } from './migration-files.ts';
import type { RunMigrations } from './run-migrations.ts';
import { StartupError } from './startup-error.ts';

/**
 * Brings the database to the newest schema. The file is backed up first when something will change it.
 * It keeps the `_prisma_migrations` table of the stock command line tool.
 * @throws StartupError if the database is from a newer version, damaged, or a migration fails; nothing is written to a newer one.
 */
export async function applyMigrations(
  directory: DataDirectory,
  run: RunMigrations,
): Promise<readonly string[]> {
  const known = migrationNames();
  const applied = appliedMigrations(directory.databasePath);
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new StartupError(
      `The database in ${directory.path} was written by a newer version of Lifeline (it has ${unknown.join(', ')}). ` +
        'Install that version, or restore a backup from before the upgrade.',
    );
  }
  if (known.every((name) => applied.includes(name))) return [];
  if (applied.length > 0) await backUp(directory);
  try {
    return await run(directory.databasePath);
  } catch (error) {
    throw new StartupError(
      `The database ${directory.databasePath} could not be brought to this version: ${(error as Error).message}. ` +
        'The file as it was before is in the backups directory.',
      { cause: error },
    );
  }
}

function appliedMigrations(databasePath: string): string[] {
  if (!existsSync(databasePath)) return [];
  const database = new Database(databasePath, { readonly: false, timeout: 2000 });
  try {
    const check = database.pragma('quick_check', { simple: true });
    if (check !== 'ok') throw new Error(`quick_check says: ${String(check)}`);
    const hasTable =
      database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_prisma_migrations'").get() !== undefined;
    if (!hasTable) return [];
    return database
      .prepare<[], { name: string }>(
        'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
      )
      .all()
      .map((row) => row.name);
  } catch (error) {
    throw new StartupError(
      `The database ${databasePath} is damaged (${(error as Error).message}). ` +
        'Move it away and put the newest file of the backups directory in its place; the job directories are untouched.',
      { cause: error },
    );
  } finally {
    database.close();
  }
}

/** A complete copy under a temporary name first, so that a half-written backup is never taken for one. */
async function backUp(directory: DataDirectory): Promise<void> {
  const target = join(
    directory.backupsPath,
    `before-migration-${new Date().toISOString().replaceAll(':', '')}.db`,
  );
  const database = new Database(directory.databasePath, { timeout: 2000 });
  try {
    await database.backup(`${target}.part`);
    renameSync(`${target}.part`, target);
  } finally {
    database.close();
  }
}
