import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Where the build puts an empty database that has had every migration (`scripts/build-database.js`): a new data directory gets a
 * copy of it, and a first start loads no schema engine. Sources that are run as they are have none.
 */
export const BUILT_DATABASE_PATH = fileURLToPath(new URL('./new-database.db', import.meta.url));

/**
 * @param appliedIn the names of the migrations that a database has had
 * @returns `path` where a database is there that has had just these migrations; `null` otherwise, then they are to be applied: it may
 * be of another version's build, or not whole
 */
export function builtDatabase(
  path: string,
  migrations: readonly string[],
  appliedIn: (path: string) => readonly string[],
): string | null {
  if (!existsSync(path)) return null;
  try {
    const applied = appliedIn(path).toSorted();
    return applied.length === migrations.length && applied.every((name, index) => name === migrations[index])
      ? path
      : null;
  } catch {
    return null;
  }
}
