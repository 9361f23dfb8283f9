import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';

/** The database with what SQLite keeps beside it. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

/**
 * Whether the database has to be made anew: it is gone, and the directories of jobs or services are there, or a former
 * start that found it so did not come to its end. Says so on file, until `rebuildIsDone`.
 */
export function beginRebuildIfLost(directory: DataDirectory): boolean {
  if (existsSync(directory.rebuildMarkPath)) return true;
  if (hasBytes(directory.databasePath)) return false;
  const entries = [directory.jobsPath, directory.servicesPath].flatMap((path) => readdirSync(path));
  if (entries.length === 0) return false;
  // What is left of it belongs to no database any more; a new one must not find it.
  moveDatabaseAside(directory);
  markRebuild(directory);
  return true;
}

/** From now on the next start makes the database anew, as if it were gone. */
export function markRebuild(directory: DataDirectory): void {
  writeFileSync(directory.rebuildMarkPath, `${new Date().toISOString()}\n`, { mode: 0o600 });
}

export function rebuildIsDone(directory: DataDirectory): void {
  rmSync(directory.rebuildMarkPath, { force: true });
}

/** Moves the files of the database into a directory of their own. @returns its path; `null` where there was nothing to move */
export function moveDatabaseAside(directory: DataDirectory): string | null {
  const found = SUFFIXES.map((suffix) => `${directory.databasePath}${suffix}`).filter((path) =>
    existsSync(path),
  );
  if (found.length === 0) return null;
  const target = join(directory.path, `damaged-${new Date().toISOString().replaceAll(':', '')}`);
  mkdirSync(target, { mode: 0o700 });
  for (const path of found) renameSync(path, join(target, basename(path)));
  return target;
}

function hasBytes(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.size > 0;
}
