import Database from 'better-sqlite3';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';
import { StartupError } from './startup-error.ts';

interface LeaseHolder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/**
 * Guard: this server alone uses the data directory.
 *
 * Why a lock of the kernel: it goes with its process, so that a lease left by kill -9 never blocks and no
 * two servers can both find a stale one. Node has no flock(2); SQLite's exclusive lock on a file of its own is
 * the same thing. The file beside it only says who holds it.
 * Known gap: file systems without POSIX locks (some network mounts).
 */
export class InstanceLease implements Disposable {
  readonly #lock: Database.Database;
  readonly #holderPath: string;

  private constructor(lock: Database.Database, holderPath: string) {
    this.#lock = lock;
    this.#holderPath = holderPath;
  }

  /** @throws StartupError naming the holder if another server has the directory. */
  static take(directory: Pick<DataDirectory, 'path' | 'leasePath'>): InstanceLease {
    const holderPath = `${directory.leasePath}.json`;
    const lock = new Database(`${directory.leasePath}.lock`, { timeout: 0 });
    try {
      lock.pragma('journal_mode = MEMORY');
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (!isBusy(error)) throw error;
      throw new StartupError(
        `${describe(readHolder(holderPath), directory.path)} Stop it first, or name another directory with --data-dir.`,
        {
          cause: error,
        },
      );
    }
    const holder: LeaseHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(holderPath, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
    return new InstanceLease(lock, holderPath);
  }

  [Symbol.dispose](): void {
    if (!this.#lock.open) return;
    rmSync(this.#holderPath, { force: true });
    this.#lock.close();
  }
}

/** Whether a server has the directory, and its pid where that is known. Changes nothing, and asks for a moment only. */
export function findLeaseHolder(path: string): { readonly isHeld: boolean; readonly pid: number | null } {
  const leasePath = join(path, 'lease');
  if (!existsSync(`${leasePath}.lock`)) return { isHeld: false, pid: null };
  const lock = new Database(`${leasePath}.lock`, { timeout: 0, readonly: true });
  try {
    lock.prepare('SELECT count(*) FROM sqlite_master').get();
    return { isHeld: false, pid: null };
  } catch (error) {
    if (!isBusy(error)) throw error;
    return { isHeld: true, pid: readHolder(`${leasePath}.json`)?.pid ?? null };
  } finally {
    lock.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function readHolder(path: string): LeaseHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LeaseHolder;
  } catch {
    return undefined;
  }
}

function describe(holder: LeaseHolder | undefined, directoryPath: string): string {
  if (holder === undefined) return `Another Lifeline server uses the data directory ${directoryPath}.`;
  return `The Lifeline server with pid ${String(holder.pid)} on ${holder.host} has used the data directory ${directoryPath} since ${holder.since}.`;
}
