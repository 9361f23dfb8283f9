/**
 * Makes the Prisma client and the Pothos types from prisma/schema.prisma, without a download: `prisma generate` needs
 * no schema engine, but it fetches one unless this variable names a file that exists.
 *
 * Plain JavaScript, since it runs in `prepare`, before anything can be compiled.
 */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const manifestPath = createRequire(import.meta.url).resolve('prisma/package.json');
const prisma = join(dirname(manifestPath), createRequire(import.meta.url)(manifestPath).bin.prisma);

execFileSync(process.execPath, [prisma, 'generate', '--no-hints'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    // Prisma finds its generators by name.
    PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
});
