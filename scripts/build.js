/** Makes dist/: the server and the commands, the database of a new data directory, the client with its types, and the pages in dist/static/. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Bundled by a script of its own, which does it anew only where something has changed. */
const PAGES = 'static';

for (const entry of existsSync(dist) ? readdirSync(dist) : []) {
  if (entry !== PAGES) rmSync(join(dist, entry), { recursive: true, force: true });
}
compileClient();
await import('./build-server.js');
await import('./build-database.js');
chmodSync(join(dist, 'main.js'), 0o755);
await import('./build-pages.js');

/** Into files as they are, with types: others import it, and bundle it themselves. */
function compileClient() {
  const compiler = createRequire(import.meta.url).resolve('typescript/lib/tsc.js');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.client.json'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // The compiler has said what is wrong.
  if (status !== 0) process.exit(status ?? 1);
}
