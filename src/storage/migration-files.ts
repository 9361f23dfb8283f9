import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PRISMA_PATH = fileURLToPath(new URL('../../prisma', import.meta.url));
export const MIGRATIONS_PATH = join(PRISMA_PATH, 'migrations');

/** The names of this version's migrations, in the order in which they apply. */
export function migrationNames(): string[] {
  return readdirSync(MIGRATIONS_PATH, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
