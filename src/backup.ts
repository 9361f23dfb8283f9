import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { isFinal } from './domain/job-status.ts';
import { numberedBytes } from './logs/numbered-bytes.ts';
import { OfflineError } from './offline-error.ts';
import { BackupWriter, hasEntries, type BackupManifest } from './storage/backup-files.ts';
import {
  checkIntegrity,
  readSnapshot,
  removeFromSnapshot,
  snapshotDatabase,
} from './storage/database-snapshot.ts';
import { syncFile } from './storage/copy-file.ts';
import { checkDirectoryFormat, DIRECTORY_FORMAT, readDirectoryFormat } from './storage/directory-format.ts';
import { JobDirectory } from './storage/job-directory.ts';
import { checkMigrations } from './storage/migrations.ts';
import { readTransitions } from './storage/transition-file.ts';

/** Name of the database in a backup: not that of a data directory, so that nobody starts a server on one. */
export const BACKUP_DATABASE = 'database.db';
/** Of a job that has not ended: who its processes are, so that no server takes them over by a copy. */
const OF_PROCESSES = ['identity.json', 'holder.json', 'strays', 'exit', 'launch.sh'];
const OF_THE_LOG = ['transitions.jsonl', 'index', 'stdout', 'stderr'];
const SINGLE_FILES = ['token', 'secret.key', 'highest-job-id', 'highest-service-id', 'format'];

export interface BackupReport extends BackupManifest {
  /** Absolute path. */
  readonly path: string;
}

/**
 * Copies a data directory to a new place, also while its server runs: the database as of one moment, then the directories
 * of the jobs, which are never behind it. A job that has not ended is copied up to the last line that has a number.
 * What was copied is read back.
 * @throws OfflineError, BackupError, StartupError
 */
export function backup(dataDirectory: string, destination: string, version: string): BackupReport {
  process.umask(0o077);
  const source = sourceOf(dataDirectory);
  const target = resolve(destination);
  if (hasEntries(target))
    throw new OfflineError(`${target} is not empty. Name a new directory for the backup.`);
  if (!relative(source, target).startsWith('..'))
    throw new OfflineError('A backup in the data directory would be lost with it. Name another place.');
  mkdirSync(target, { recursive: true, mode: 0o700 });

  const database = join(target, BACKUP_DATABASE);
  const before = readdirSync(join(source, 'jobs')).filter((name) => /^[1-9]\d*$/.test(name));
  const madeAt = new Date().toISOString();
  snapshotDatabase(join(source, 'lifeline.db'), database);
  const { jobIds, unfinished } = readSnapshot(database);
  const known = new Set(jobIds);
  const writer = new BackupWriter(target);
  const notEnded: number[] = [];
  const gone: number[] = [];
  const wereThere = new Set(before.map(Number));
  for (const id of new Set([...wereThere, ...jobIds])) {
    const from = new JobDirectory(join(source, 'jobs'), id);
    const isOpen = unfinished.has(id) || !known.has(id);
    if (!copyJob(writer, from, isOpen)) {
      if (wereThere.has(id)) gone.push(id);
    } else if (isOpen && !hasEnded(new JobDirectory(join(target, 'jobs'), id))) notEnded.push(id);
  }
  // They were deleted while this went on.
  if (gone.length > 0) removeFromSnapshot(database, gone);
  copyTree(writer, source, 'services');
  for (const name of SINGLE_FILES) writer.copy(join(source, name), name);

  const integrity = checkIntegrity(database);
  if (integrity !== 'ok') throw new OfflineError(`The copy of the database is not whole: ${integrity}.`);
  writer.add(BACKUP_DATABASE);
  const manifest = writer.finish({
    version,
    madeAt,
    dataDirectory: source,
    directoryFormat: readDirectoryFormat(source) ?? DIRECTORY_FORMAT - 1,
    jobs: jobIds.length - gone.length,
    unfinished: notEnded,
  });
  flush(target, database);
  return { ...manifest, path: target };
}

function sourceOf(dataDirectory: string): string {
  const path = resolve(dataDirectory);
  if (!existsSync(join(path, 'lifeline.db')))
    throw new OfflineError(`${path} has no database. Name the data directory with --data-dir.`);
  checkDirectoryFormat(path);
  const source = realpathSync(path);
  checkMigrations({ path: source, databasePath: join(source, 'lifeline.db') });
  return source;
}

/** @param isOpen whether it may still change @returns `false` where there is nothing of it */
function copyJob(writer: BackupWriter, from: JobDirectory, isOpen: boolean): boolean {
  const place = join('jobs', String(from.jobId));
  if (!existsSync(from.path)) return false;
  // What it says of the end is true of all that is copied after it.
  if (!isOpen || hasEnded(from)) return copyTree(writer, join(from.path, '../..'), place);
  writer.copy(from.transitionsPath, join(place, 'transitions.jsonl'));
  const { index, streams } = numberedBytes(from.indexPath);
  writer.copy(from.indexPath, join(place, 'index'), index);
  writer.copy(from.logPath('STDOUT'), join(place, 'stdout'), streams.STDOUT);
  writer.copy(from.logPath('STDERR'), join(place, 'stderr'), streams.STDERR);
  // Last: what was given back of the log meanwhile is known to what is copied now.
  return copyTree(writer, join(from.path, '../..'), place, [...OF_THE_LOG, ...OF_PROCESSES]);
}

function hasEnded(directory: JobDirectory): boolean {
  const last = readTransitions(directory).at(-1);
  return last !== undefined && isFinal(last.to);
}

function copyTree(
  writer: BackupWriter,
  root: string,
  place: string,
  without: readonly string[] = [],
): boolean {
  let names: string[];
  try {
    names = readdirSync(join(root, place), { recursive: true, encoding: 'utf8' });
  } catch {
    return false;
  }
  const wanted = names.filter((name) => !without.includes(name) && !name.endsWith('.part'));
  for (const name of wanted) writer.copy(join(root, place, name), join(place, name));
  return true;
}

/** A backup that is only in memory is none. */
function flush(path: string, database: string): void {
  try {
    execFileSync('sync', ['--file-system', path], { stdio: 'ignore' });
  } catch {
    syncFile(database);
  }
}
