import BetterSqlite3 from 'better-sqlite3';
import { chmodSync } from 'node:fs';
import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import type { DataDirectory } from './data-directory.ts';
import { PrismaClient } from './generated/client.ts';
import { SqliteAdapter } from './sqlite-adapter.ts';
import { runMigrationsInProcess } from './migration-process.ts';
import { applyMigrations } from './migrations.ts';
import { StartupError } from './startup-error.ts';
import { WriteGate } from './write-gate.ts';

/** Short, so that a foreign lock cannot hold the event loop up; the gate tries again asynchronously. */
const BUSY_TIMEOUT_MS = 250;

/** A read-only connection. For queries of the stores and of Pothos' Prisma plugin. */
export type ReadClient = PrismaClient;

/**
 * Guard of the database: one writer behind the gate, one read-only client beside it, so that a query neither waits for
 * a write nor sees half of one.
 */
export class Database implements AsyncDisposable {
  readonly gate: WriteGate;
  readonly read: ReadClient;
  readonly #writer: PrismaClient;

  private constructor(writer: PrismaClient, read: ReadClient, pass: PassCheckpoint) {
    this.#writer = writer;
    this.read = read;
    this.gate = new WriteGate(writer, pass);
  }

  /**
   * Migrates, opens, and checks what everything else relies on.
   * @throws StartupError if the file is damaged, newer than this version, or cannot be opened as needed.
   */
  static async open(directory: DataDirectory, pass = passUnwatched): Promise<Database> {
    await applyMigrations(directory, runMigrationsInProcess, pass);
    useWriteAheadLog(directory.databasePath);
    const url = directory.databasePath;
    const writer = new PrismaClient({ adapter: new SqliteAdapter({ url, timeout: BUSY_TIMEOUT_MS }) });
    const read = new PrismaClient({
      adapter: new SqliteAdapter({ url, timeout: BUSY_TIMEOUT_MS, readonly: true }),
    });
    const database = new Database(writer, read, pass);
    try {
      await writer.$queryRaw`PRAGMA synchronous = FULL`;
      await assertPragma(writer, 'journal_mode', 'wal');
      await assertPragma(writer, 'foreign_keys', 1);
      await assertPragma(writer, 'synchronous', 2);
      await assertPragma(writer, 'busy_timeout', BUSY_TIMEOUT_MS);
      return database;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate.idle();
    await Promise.all([this.read.$disconnect(), this.#writer.$disconnect()]);
  }
}

function useWriteAheadLog(path: string): void {
  const database = new BetterSqlite3(path, { timeout: 2_000 });
  try {
    const mode = database.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') {
      throw new StartupError(
        `The file system of ${path} cannot hold SQLite's write-ahead log (mode ${String(mode)}). Put the data directory on a local disk.`,
      );
    }
    chmodSync(path, 0o600);
  } finally {
    database.close();
  }
}

async function assertPragma(client: PrismaClient, name: string, expected: string | number): Promise<void> {
  const rows = await client.$queryRawUnsafe<Record<string, unknown>[]>(`PRAGMA ${name}`);
  const value = Object.values(rows[0] ?? {})[0];
  if (value !== expected && Number(value) !== expected) {
    throw new StartupError(
      `SQLite has ${name} = ${String(value)} where Lifeline relies on ${String(expected)}. Reinstall Lifeline's packages.`,
    );
  }
}
