import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { appliedIn } from './applied-migrations.ts';

/**
 * Where the build puts an empty database that has had every migration (`scripts/build-database.js`): a new data directory gets a
 * copy of it, and a first start loads no schema engine. Sources that are run as they are have none.
 */
export const BUILT_DATABASE_PATH = fileURLToPath(new URL('./new-database.db', import.meta.url));

/**
 * @param migrations their names, sorted
 * @returns `path` where a database is there that has had just these migrations; `null` otherwise, then they are to be applied: it may
 * be of another version's build, or not whole
 */
export function builtDatabase(path: string, migrations: readonly string[]): string | null {
  try {
    return isDeepStrictEqual(appliedIn(path).toSorted(), migrations) ? path : null;
  } catch {
    return null;
  }
}
