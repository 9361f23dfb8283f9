import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { migrationNames } from '../../src/storage/migration-files.ts';
import { applyMigrations } from '../../src/storage/migrations.ts';
import { type RunMigrations, runMigrations } from '../../src/storage/run-migrations.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { inDatabase } from './in-database.ts';

/** That of the build, from which an installed server takes it. */
const BUILT_PATH = fileURLToPath(new URL('../../dist/server/new-database.db', import.meta.url));

let scratch: ScratchDirectory;
let directory: DataDirectory;
beforeEach(() => {
  scratch = new ScratchDirectory();
  directory = DataDirectory.prepare(scratch.file('data'));
});
afterEach(() => {
  scratch[Symbol.dispose]();
});

/** All that a database is made of but the moments at which it was made. */
function contentsOf(path: string): unknown {
  return inDatabase(path, (database) => {
    const schema = database
      .prepare<[], { name: string; type: string }>('SELECT * FROM sqlite_master ORDER BY name')
      .all();
    const rows = schema
      .filter(({ name, type }) => type === 'table' && !name.includes('_fts') && name !== '_prisma_migrations')
      .map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]);
    const migrations = database
      .prepare('SELECT migration_name, checksum, applied_steps_count FROM _prisma_migrations')
      .all();
    return { schema: schema.map((entry) => ({ ...entry, rootpage: undefined })), rows, migrations };
  });
}

/** Where the schema engine would have to be loaded. */
const mustNotRun: RunMigrations = () => Promise.reject(new Error('the migrations ran'));

/** Makes a database in the new data directory from the one that was built, at this path. */
async function makeFrom(path: string, run: RunMigrations): Promise<readonly string[]> {
  return applyMigrations(directory, run, undefined, path);
}

describe('the database that the build has made', () => {
  it('is what the migrations make, and a new data directory gets it without them', async () => {
    expect(await makeFrom(BUILT_PATH, mustNotRun)).toEqual(migrationNames());
    expect(await makeFrom(BUILT_PATH, mustNotRun)).toEqual([]);
    const other = DataDirectory.prepare(scratch.file('other'));
    await applyMigrations(other, runMigrations, undefined, scratch.file('none'));
    expect(contentsOf(directory.databasePath)).toEqual(contentsOf(other.databasePath));
    expect(readdirSync(directory.path).filter((name) => /^(lifeline|migrating)/.test(name))).toEqual([
      'lifeline.db',
    ]);
    expect(inDatabase(directory.databasePath, (database) => database.pragma('journal_mode'))).toEqual([
      { journal_mode: 'wal' },
    ]);
  });

  it.each([
    [
      'of a later version',
      "UPDATE _prisma_migrations SET migration_name = '29990101000000_future' WHERE rowid = 1",
    ],
    ['of an earlier version', 'DELETE FROM _prisma_migrations WHERE rowid = 1'],
    ['without a list of its migrations', 'DROP TABLE _prisma_migrations'],
  ])('%s is left aside', async (_what, change) => {
    const path = scratch.file('built.db');
    copyFileSync(BUILT_PATH, path);
    inDatabase(path, (database) => database.exec(change));
    await expect(makeFrom(path, mustNotRun)).rejects.toThrow('the migrations ran');
    expect(await makeFrom(path, runMigrations)).toEqual(migrationNames());
  });

  it.each([
    ['that is not whole', Buffer.from('SQLite format 3\0')],
    ['that is none', Buffer.alloc(8192, 'x')],
  ])('%s is left aside', async (_what, bytes) => {
    const path = scratch.file('built.db');
    writeFileSync(path, bytes);
    expect(await makeFrom(path, runMigrations)).toEqual(migrationNames());
  });
});
