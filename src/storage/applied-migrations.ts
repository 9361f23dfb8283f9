import Database from 'better-sqlite3';

/**
 * The names of the migrations that a database has had, read only.
 * @throws Error where there is no file, or one that is no database, or a damaged one
 */
export function appliedIn(path: string): string[] {
  const database = new Database(path, { readonly: true, timeout: 2000 });
  try {
    const check = database.pragma('quick_check', { simple: true });
    if (check !== 'ok') throw new Error(`quick_check says: ${String(check)}`);
    const hasTable =
      database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_prisma_migrations'").get() !== undefined;
    if (!hasTable) return [];
    return database
      .prepare<[], { name: string }>(
        'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
      )
      .all()
      .map((row) => row.name);
  } finally {
    database.close();
  }
}
