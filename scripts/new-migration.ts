/**
 * Writes prisma/migrations/<time>_<name>/migration.sql: the difference between the migrations that exist and
 * prisma/schema.prisma. Run with `npm run migration:new -- <name>` after editing the schema.
 *
 * Each migration keeps the schema that it leads to beside it, since the engine cannot replay migrations into a shadow
 * database through the SQLite adapter (it sends several statements as one).
 */
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS_PATH, migrationNames } from '../src/storage/migration-files.ts';
import { openSchemaEngine } from '../src/storage/schema-engine.ts';

const name = process.argv[2];
if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
  console.error(
    'Give the migration a name of small letters, digits and underscores: npm run migration:new -- add_services',
  );
  process.exit(2);
}

const former = migrationNames().at(-1);
const schema = readFileSync('prisma/schema.prisma', 'utf8');
await using opened = await openSchemaEngine(schema, new PrismaBetterSqlite3({ url: ':memory:' }));
const { stdout } = await opened.engine.diff({
  from:
    former === undefined
      ? { tag: 'empty' }
      : datamodel(readFileSync(join(MIGRATIONS_PATH, former, 'schema.prisma'), 'utf8')),
  to: datamodel(schema),
  script: true,
  exitCode: null,
  filters: { externalTables: [], externalEnums: [] },
});
if (stdout === null || stdout.includes('This is an empty migration')) {
  console.log('The migrations already give this schema: nothing to do.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const target = join(MIGRATIONS_PATH, `${stamp}_${name}`);
  mkdirSync(target);
  writeFileSync(join(target, 'migration.sql'), stdout);
  copyFileSync('prisma/schema.prisma', join(target, 'schema.prisma'));
  console.log(`Wrote ${target}/migration.sql. Read it before you commit it.`);
}

function datamodel(content: string) {
  return { tag: 'schemaDatamodel' as const, files: [{ path: 'schema.prisma', content }] };
}
