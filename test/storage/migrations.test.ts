import Sqlite from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { MIGRATIONS_PATH, migrationNames } from '../../src/storage/migration-files.ts';
import { applyMigrations } from '../../src/storage/migrations.ts';
import { runMigrations } from '../../src/storage/run-migrations.ts';
import { searchTextOf } from '../../src/storage/search-text.ts';
import { StartupError } from '../../src/storage/startup-error.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { inDatabase } from './in-database.ts';

let scratch: ScratchDirectory;
let directory: DataDirectory;
beforeEach(() => {
  scratch = new ScratchDirectory();
  directory = DataDirectory.prepare(scratch.file('data'));
});
afterEach(() => {
  scratch[Symbol.dispose]();
});

function backups(): string[] {
  return readdirSync(directory.backupsPath);
}

const NOTES = `CREATE TABLE _prisma_migrations (
  id TEXT PRIMARY KEY NOT NULL, checksum TEXT NOT NULL, finished_at DATETIME, migration_name TEXT NOT NULL, logs TEXT,
  rolled_back_at DATETIME, started_at DATETIME NOT NULL DEFAULT current_timestamp, applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0)`;

/** Makes the database as the first version left it, with one job in it. */
function makeOfTheFirstVersion(): void {
  const [name] = migrationNames();
  const sql = readFileSync(join(MIGRATIONS_PATH, name!, 'migration.sql'), 'utf8');
  inDatabase(directory.databasePath, (database) => {
    database.exec(sql);
    database.exec(NOTES);
    note(database, name!, createHash('sha256').update(sql).digest('hex'));
    database.exec(
      `INSERT INTO Job (id, status, reason, command, cwd, env, labels, gracePeriodMs, onEnd, queuedAt)
       VALUES (7, 'LOST', 'NONE', '["echo","100%","a_b"]', '/', '[]', '["kept"]', 0, 'WAIT', '2026-01-01T00:00:00.000+00:00')`,
    );
  });
}

function note(database: Sqlite.Database, name: string, checksum: string): void {
  database
    .prepare(
      'INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES (?, ?, 1, ?, 1, 1)',
    )
    .run(name, checksum, name);
}

describe('migrations', () => {
  it('make a new database without a backup, and then do nothing more', async () => {
    expect(await applyMigrations(directory, runMigrations)).toEqual(migrationNames());
    expect(await applyMigrations(directory, runMigrations)).toEqual([]);
    expect(backups()).toEqual([]);
  });

  it('have the database backed up before they change one, whole and readable, and keep what is in it', async () => {
    makeOfTheFirstVersion();
    expect(await applyMigrations(directory, runMigrations)).toEqual(migrationNames().slice(1));
    expect(await applyMigrations(directory, runMigrations)).toEqual([]);
    expect(backups()).toHaveLength(1);
    const path = join(directory.backupsPath, backups()[0]!);
    expect(path).toMatch(/before-migration-[^/]*\.db$/);
    inDatabase(path, (database) => {
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(database.prepare('SELECT id FROM Job').all()).toEqual([{ id: 7 }]);
      expect(database.prepare('SELECT migration_name AS name FROM _prisma_migrations').all()).toEqual([
        { name: migrationNames()[0] },
      ]);
    });
    await using database = await Database.open(directory);
    expect(
      await database.read.job.findUnique({ where: { id: 7 }, include: { searchText: true } }),
    ).toMatchObject({
      status: 'LOST',
      searchText: [{ jobId: 7, text: searchTextOf(['echo', '100%', 'a_b']) }],
    });
  });

  it('take in what is only in the write-ahead log, which never meets the new database', async () => {
    makeOfTheFirstVersion();
    const { databasePath } = directory;
    const killed = scratch.file('killed.db');
    renameSync(databasePath, killed);
    inDatabase(killed, (database) => {
      database.pragma('journal_mode = WAL');
      database.pragma('wal_autocheckpoint = 0');
      database.exec("INSERT INTO JobTransition VALUES (7, 1, NULL, 'LOST', 1, 'NONE', NULL)");
      // As kill -9 leaves them.
      for (const suffix of ['', '-wal', '-shm']) copyFileSync(killed + suffix, databasePath + suffix);
    });
    await applyMigrations(directory, runMigrations);
    expect(readdirSync(directory.path).filter((name) => name.startsWith('lifeline.db'))).toEqual([
      'lifeline.db',
    ]);
    for (const path of [databasePath, join(directory.backupsPath, backups()[0]!)])
      inDatabase(path, (database) => {
        expect(database.prepare('SELECT jobId, "to" FROM JobTransition').all()).toEqual([
          { jobId: 7, to: 'LOST' },
        ]);
      });
  });

  it('take back what was begun and not committed when its writer was killed', async () => {
    makeOfTheFirstVersion();
    const { databasePath } = directory;
    const killed = scratch.file('killed.db');
    renameSync(databasePath, killed);
    inDatabase(killed, (database) => {
      database.pragma('cache_size = 1');
      database.exec('BEGIN');
      const grow = database.prepare("UPDATE Job SET cwd = cwd || hex(zeroblob(100000)), command = 'torn'");
      for (let time = 0; time < 5; time += 1) grow.run();
      for (const suffix of ['', '-journal']) copyFileSync(killed + suffix, databasePath + suffix);
      database.exec('ROLLBACK');
    });
    await applyMigrations(directory, runMigrations);
    inDatabase(databasePath, (database) => {
      expect(database.prepare('SELECT id, cwd FROM Job').all()).toEqual([{ id: 7, cwd: '/' }]);
    });
  });

  it('wait for who still reads the database', async () => {
    makeOfTheFirstVersion();
    inDatabase(directory.databasePath, (database) => database.pragma('journal_mode = WAL'));
    const reader = new Sqlite(directory.databasePath, { readonly: true });
    reader.prepare('SELECT id FROM Job').all();
    let runs = 0;
    const migrating = applyMigrations(directory, async (path) => {
      runs += 1;
      return runMigrations(path);
    });
    // Time for what does not wait to go wrong.
    await delay(300);
    expect(runs).toBe(0);
    reader.close();
    expect(await migrating).toEqual(migrationNames().slice(1));
  });

  it('that fail leave the database as it was, and nothing beside it', async () => {
    makeOfTheFirstVersion();
    mkdirSync(join(directory.path, 'migrating-killed'));
    writeFileSync(join(directory.path, 'migrating-killed/lifeline.db'), 'half');
    const before = readFileSync(directory.databasePath);
    const failing = applyMigrations(directory, (path) => {
      inDatabase(path, (database) => database.exec('DROP TABLE Job'));
      return Promise.reject(new Error('no such thing'));
    });
    await expect(failing).rejects.toThrow(StartupError);
    await expect(failing).rejects.toThrow(/no such thing.*It is as it was/);
    expect(readFileSync(directory.databasePath).equals(before)).toBe(true);
    expect(readdirSync(directory.path).filter((name) => /^(lifeline|migrating)/.test(name))).toEqual([
      'lifeline.db',
    ]);
    expect(await applyMigrations(directory, runMigrations)).toEqual(migrationNames().slice(1));
  });

  it('refuse a database of a newer version, and write nothing to it', async () => {
    await applyMigrations(directory, runMigrations);
    inDatabase(directory.databasePath, (database) => {
      database.pragma('journal_mode = DELETE');
      note(database, '29990101000000_future', '');
    });
    const before = readFileSync(directory.databasePath);
    await expect(applyMigrations(directory, runMigrations)).rejects.toThrow(StartupError);
    await expect(applyMigrations(directory, runMigrations)).rejects.toThrow('29990101000000_future');
    await expect(Database.open(directory)).rejects.toThrow(StartupError);
    expect(readFileSync(directory.databasePath).equals(before)).toBe(true);
    expect(backups()).toEqual([]);
  });

  it.each([
    ['rubbish', () => Buffer.alloc(8192, 'x')],
    ['a torn header', () => Buffer.from('SQLite format 3\0')],
  ])('refuse %s and say how to repair it', async (_what, bytes) => {
    writeFileSync(directory.databasePath, bytes());
    await expect(applyMigrations(directory, runMigrations)).rejects.toThrow(StartupError);
    await expect(applyMigrations(directory, runMigrations)).rejects.toThrow(/damaged.*lifeline rebuild/);
  });
});
