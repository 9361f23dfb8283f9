import Database from 'better-sqlite3';
import { chmodSync, constants, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataDirectory } from './data-directory.ts';
import { syncDirectory, syncFile } from './durable-file.ts';
import { StartupError } from './startup-error.ts';

const PREFIX = 'migrating-';
/** How long another process, such as a backup, may still read the database. */
const READERS_LIMIT_MS = 10_000;
const READERS_POLL_MS = 100;

/**
 * Guard of a database that is being migrated: a copy in a directory of its own below the data directory, until it takes the
 * place of the database by one rename.
 *
 * Why a directory that nobody has used: the process that migrates may outlive a server that is killed; it can only ever reach
 * the copy that was made for it.
 */
export class MigratedCopy implements Disposable {
  readonly path: string;
  readonly #target: DataDirectory;
  readonly #directoryPath: string;

  private constructor(target: DataDirectory) {
    this.#target = target;
    this.#directoryPath = mkdtempSync(join(target.path, PREFIX));
    this.path = join(this.#directoryPath, 'lifeline.db');
  }

  /** @param source a database that nobody writes to, with nothing beside it; `null` where the migrations make it from nothing */
  static async of(source: string | null, target: DataDirectory): Promise<MigratedCopy> {
    const copy = new MigratedCopy(target);
    try {
      if (source !== null) await copyFile(source, copy.path, constants.COPYFILE_FICLONE);
      return copy;
    } catch (error) {
      copy[Symbol.dispose]();
      throw error;
    }
  }

  /** Brings the copy to the disk, whole, in one file, and as the server wants it: it is not changed when it is the database. */
  async settle(): Promise<void> {
    await intoOneFile(this.path);
    useWriteAheadLog(this.path);
    chmodSync(this.path, 0o600);
    await syncFile(this.path);
  }

  /** After `settle`. From here on it is the database, also after a loss of the machine. The former is in one file. */
  async replace(): Promise<void> {
    renameSync(this.path, this.#target.databasePath);
    await syncDirectory(this.#target.path);
  }

  [Symbol.dispose](): void {
    remove(this.#directoryPath);
  }
}

/** What starts that were killed have left of their copies. */
export function removeUnfinishedCopies({ path }: DataDirectory): void {
  for (const name of readdirSync(path)) if (name.startsWith(PREFIX)) remove(join(path, name));
}

/**
 * Takes into the database what is in the write-ahead log beside it, and removes that, so that no other database ever meets it.
 * @throws StartupError where others keep reading it
 */
export async function intoOneFile(path: string): Promise<void> {
  const database = new Database(path, { timeout: 2_000 });
  try {
    const endMs = performance.now() + READERS_LIMIT_MS;
    while (!leaveWriteAheadLog(database)) {
      if (performance.now() > endMs)
        throw new StartupError(
          `Another process reads the database ${path}, which has to be brought to this version. Nothing was changed. Wait for its end, then start again.`,
        );
      await delay(READERS_POLL_MS);
    }
  } finally {
    database.close();
  }
  assertAlone(path);
  await syncDirectory(dirname(path));
}

/**
 * Takes back what a process had begun to write when it was killed, where SQLite has left a journal of it: what only reads cannot.
 * Where that is not possible, whoever reads the database next is told why.
 */
export function rollBack(path: string): void {
  const journal = `${path}-journal`;
  if (!existsSync(journal)) return;
  const database = new Database(path, { timeout: 2_000 });
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    // One that is still there has nothing to take back.
    rmSync(journal, { force: true });
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
  } finally {
    database.close();
  }
}

function useWriteAheadLog(path: string): void {
  const database = new Database(path);
  try {
    database.pragma('journal_mode = WAL');
  } finally {
    database.close();
  }
  assertAlone(path);
}

function assertAlone(path: string): void {
  const left = ['-wal', '-journal']
    .map((suffix) => `${path}${suffix}`)
    .filter((beside) => existsSync(beside));
  if (left.length > 0) throw new Error(`SQLite has left ${left.join(' and ')}`);
}

/** @returns `false` where others have the database open */
function leaveWriteAheadLog(database: Database.Database): boolean {
  try {
    return database.pragma('journal_mode = DELETE', { simple: true }) === 'delete';
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}

function remove(path: string): void {
  // A process that lives on may be making a file in it.
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}
