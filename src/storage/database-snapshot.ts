import Database from 'better-sqlite3';
import { chmodSync } from 'node:fs';
import { FINAL_STATUSES } from '../domain/job-status.ts';

/** What a copy of the database says of the jobs. */
export interface SnapshotJobs {
  /** All ids, ascending. */
  readonly jobIds: readonly number[];
  readonly unfinished: ReadonlySet<number>;
}

/**
 * Copies the database as it is at one moment, also while a server writes to it, by a connection that only reads: `VACUUM
 * INTO`. The writer waits for nothing; its write-ahead log grows until this is done.
 * @param target a path where nothing is
 */
export function snapshotDatabase(databasePath: string, target: string): void {
  const database = new Database(databasePath, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    database.prepare('VACUUM INTO ?').run(target);
  } finally {
    database.close();
  }
  chmodSync(target, 0o600);
}

/** Of a copy that nobody else uses. @throws where it is not whole */
export function readSnapshot(path: string): SnapshotJobs {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const rows = database
      .prepare<[], { id: number; status: string }>('SELECT id, status FROM Job ORDER BY id')
      .all();
    const isOver = (status: string): boolean => (FINAL_STATUSES as readonly string[]).includes(status);
    return {
      jobIds: rows.map(({ id }) => id),
      unfinished: new Set(rows.filter(({ status }) => !isOver(status)).map(({ id }) => id)),
    };
  } finally {
    database.close();
  }
}

/** Takes jobs out of a copy. */
export function removeFromSnapshot(path: string, jobIds: readonly number[]): void {
  const database = new Database(path, { fileMustExist: true });
  try {
    database.pragma('foreign_keys = ON');
    const remove = database.prepare('DELETE FROM Job WHERE id = ?');
    database.transaction(() => {
      for (const jobId of jobIds) remove.run(jobId);
    })();
  } finally {
    database.close();
  }
}

/** What SQLite's own integrity check says: `ok`, or what is wrong. Also of what is no database. */
export function checkIntegrity(path: string): string {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return String(database.pragma('integrity_check', { simple: true }));
    } finally {
      database.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

/** Of the library that is in use. */
export function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return String(database.prepare('SELECT sqlite_version()').pluck().get());
  } finally {
    database.close();
  }
}
