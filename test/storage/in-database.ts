import Sqlite from 'better-sqlite3';

/** Does some work in a database file past the stores, and closes it. */
export function inDatabase<T>(path: string, work: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}
