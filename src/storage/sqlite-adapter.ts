import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import type BetterSqlite3 from 'better-sqlite3';

type SqlDriverAdapter = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;

/** What Prisma asks for is a few dozen texts, but for lists of many lengths. */
const KEPT_STATEMENTS = 200;

/** The part of a statement that Prisma's adapter uses. */
interface BoundStatement {
  readonly reader: boolean;
  columns(): BetterSqlite3.ColumnDefinition[];
  raw(): Pick<BoundStatement, 'all'>;
  all(): unknown[];
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

/** It has no public name: the adapter's lock file is pinned, and `Database.open` fails without it. */
function connectionOf(adapter: SqlDriverAdapter): BetterSqlite3.Database {
  const { client } = adapter as SqlDriverAdapter & { readonly client?: BetterSqlite3.Database };
  if (client === undefined)
    throw new Error('This version of the adapter has no connection to keep statements of.');
  return client;
}

/** The least recently used go. They are finalized with the connection, or when they are collected. */
function keepStatements(connection: BetterSqlite3.Database): void {
  const kept = new Map<string, BetterSqlite3.Statement>();
  const prepare = connection.prepare.bind(connection);
  const statementOf = (sql: string): BetterSqlite3.Statement => {
    const statement = kept.get(sql) ?? prepare(sql);
    kept.delete(sql);
    kept.set(sql, statement);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_STATEMENTS && oldest !== undefined) kept.delete(oldest);
    return statement;
  };
  const bind = (statement: BetterSqlite3.Statement, values: readonly unknown[]): BoundStatement => ({
    reader: statement.reader,
    columns: () => statement.columns(),
    raw: () => ({ all: () => statement.raw(true).all(...values) }),
    all: () => statement.raw(false).all(...values),
    run: () => statement.run(...values),
  });
  Object.assign(connection, {
    prepare: (sql: string) => {
      const statement = statementOf(sql);
      return { ...bind(statement, []), bind: (values: readonly unknown[] = []) => bind(statement, values) };
    },
  });
}
