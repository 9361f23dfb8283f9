import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- a test writes a database as a former version did
import BetterSqlite3 from 'better-sqlite3';

const MIGRATIONS = join(import.meta.dirname, '../../../prisma/migrations');
const FIRST_MIGRATION = '20261123000000_init';
/** What the first version wrote of a specification: nothing of tokens, services, signals, priorities. */
const SPEC_FIELDS = [
  'command',
  'script',
  'cwd',
  'env',
  'stdin',
  'unbuffered',
  'timeoutMs',
  'gracePeriodMs',
  'onEnd',
  'labels',
  'requestId',
  'rerunOfId',
  'attempt',
];
/** What is in a data directory since. */
const LATER = ['services', 'highest-service-id', 'format', 'rebuilding'];

/**
 * Makes what a server has left, whose jobs may run, what the first version would have left: its files, its tables, and what
 * it wrote in them. The server is not running.
 */
export function makeOldest(dataDirectory: string): void {
  for (const name of LATER) rmSync(join(dataDirectory, name), { recursive: true, force: true });
  for (const id of readdirSync(join(dataDirectory, 'jobs'))) {
    const path = join(dataDirectory, 'jobs', id, 'spec.json');
    const stored = JSON.parse(readFileSync(path, 'utf8')) as { spec: Record<string, unknown> };
    const spec = Object.fromEntries(SPEC_FIELDS.map((name) => [name, stored.spec[name]]));
    writeFileSync(path, `${JSON.stringify({ ...stored, spec })}\n`);
  }
  const path = join(dataDirectory, 'lifeline.db');
  const former = `${path}.former`;
  const sql = readFileSync(join(MIGRATIONS, FIRST_MIGRATION, 'migration.sql'), 'utf8');
  const database = new BetterSqlite3(former);
  try {
    database.exec(sql);
    database.exec(`CREATE TABLE _prisma_migrations (
      id TEXT PRIMARY KEY NOT NULL, checksum TEXT NOT NULL, finished_at DATETIME, migration_name TEXT NOT NULL, logs TEXT,
      rolled_back_at DATETIME, started_at DATETIME NOT NULL DEFAULT current_timestamp, applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0)`);
    database
      .prepare('INSERT INTO _prisma_migrations VALUES (?, ?, 1, ?, NULL, NULL, 1, 1)')
      .run(FIRST_MIGRATION, createHash('sha256').update(sql).digest('hex'), FIRST_MIGRATION);
    database.exec(`ATTACH '${path}' AS newer`);
    const tables = database
      .prepare<[], { name: string }>(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '_prisma_migrations'",
      )
      .all();
    database.pragma('foreign_keys = OFF');
    for (const { name } of tables) {
      const columns = (database.pragma(`main.table_info(${name})`) as { name: string }[])
        .map((column) => `"${column.name}"`)
        .join(', ');
      database.exec(`INSERT INTO main."${name}" (${columns}) SELECT ${columns} FROM newer."${name}"`);
    }
    database.exec('DETACH newer');
  } finally {
    database.close();
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  renameSync(former, path);
}
