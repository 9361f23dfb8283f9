import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import type BetterSqlite3 from 'better-sqlite3';
import { BoundedCache } from '../domain/bounded-cache.ts';

type SqlDriverAdapter = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;

/** What Prisma asks for is a few dozen texts, but for lists of many lengths. */
const KEPT_STATEMENTS = 200;

/** The part of a statement that Prisma's adapter uses. */
interface BoundStatement {
  readonly reader: boolean;
  columns(): BetterSqlite3.ColumnDefinition[];
  raw(): { all(): unknown[] };
  run(): BetterSqlite3.RunResult;
}

/**
 * Prisma's adapter, with SQLite's prepared statements kept: it prepares each query anew, which was a quarter of what a
 * start of a job costs the server.
 */
export class SqliteAdapter extends PrismaBetterSqlite3 {
  override async connect(): Promise<SqlDriverAdapter> {
    const adapter = await super.connect();
    keepStatements(connectionOf(adapter));
    return adapter;
  }
}

/** It has no public name: the lock file pins the adapter, and `Database.open` fails where there is none. */
function connectionOf(adapter: SqlDriverAdapter): BetterSqlite3.Database {
  const { client } = adapter as SqlDriverAdapter & { readonly client?: BetterSqlite3.Database };
  if (client === undefined)
    throw new Error('This version of the adapter has no connection to keep statements of.');
  return client;
}

/** The least recently used go. They are finalized with the connection, or when they are collected. */
function keepStatements(connection: BetterSqlite3.Database): void {
  const kept = new BoundedCache<BetterSqlite3.Statement>(KEPT_STATEMENTS);
  const prepare = connection.prepare.bind(connection);
  const bind = (statement: BetterSqlite3.Statement, values: readonly unknown[]): BoundStatement => ({
    reader: statement.reader,
    columns: () => statement.columns(),
    raw: () => ({ all: () => statement.raw().all(...values) }),
    run: () => statement.run(...values),
  });
  Object.assign(connection, {
    prepare: (sql: string) => {
      const statement = kept.getOrMake(sql, () => prepare(sql));
      return { ...bind(statement, []), bind: (values: readonly unknown[] = []) => bind(statement, values) };
    },
  });
}
