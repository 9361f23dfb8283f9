import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrationNames, MIGRATIONS_PATH, PRISMA_PATH } from './migration-files.ts';
import { openSchemaEngine } from './schema-engine.ts';

/**
 * Applies what is missing to a copy of a database, at this absolute path: whoever has it made brings it to the disk before it is
 * used. @returns the names of what was applied, in order
 */
export type RunMigrations = (databasePath: string) => Promise<readonly string[]>;

/** In this thread. @throws what the engine says */
export const runMigrations: RunMigrations = async (databasePath) => {
  const adapter = new UnsyncedAdapter({ url: databasePath, timeout: 2000 });
  await using opened = await openSchemaEngine(
    readFileSync(join(PRISMA_PATH, 'schema.prisma'), 'utf8'),
    adapter,
  );
  const { appliedMigrationNames } = await opened.engine.applyMigrations({
    migrationsList: readMigrationList(),
    filters: { externalTables: [], externalEnums: [] },
  });
  return appliedMigrationNames;
};

/** The engine syncs some hundreds of times, for what nobody uses unless it comes to its end. */
class UnsyncedAdapter extends PrismaBetterSqlite3 {
  override async connect(): ReturnType<PrismaBetterSqlite3['connect']> {
    const connection = await super.connect();
    await connection.executeScript('PRAGMA synchronous = OFF');
    return connection;
  }
}

/** The migrations of this version, in the form that the schema engine takes. */
function readMigrationList(): MigrationList {
  return {
    baseDir: MIGRATIONS_PATH,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "sqlite"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrationNames().map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(MIGRATIONS_PATH, name, 'migration.sql'), 'utf8') },
      },
    })),
  };
}
