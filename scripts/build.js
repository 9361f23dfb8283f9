/** Compiles src/ to dist/, bundles the pages into dist/static/, and lays beside it what the server reads at run time and the compiler does not carry over. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const CARRIED_OVER = ['supervisor/shim.sh'];
/** Bundled by a script of its own, which does it anew only where something has changed. */
const PAGES = 'static';

for (const entry of existsSync(dist) ? readdirSync(dist) : []) {
  if (entry !== PAGES) rmSync(join(dist, entry), { recursive: true, force: true });
}
compile('tsconfig.build.json');
// Types are made for the client alone: it is what others import.
compile('tsconfig.client.json');
for (const file of CARRIED_OVER) {
  copyFileSync(join(root, 'src', file), join(dist, file));
}
chmodSync(join(dist, 'main.js'), 0o755);
await import('./build-pages.js');

function compile(project) {
  const compiler = createRequire(import.meta.url).resolve('typescript/lib/tsc.js');
  const { status } = spawnSync(process.execPath, [compiler, '-p', project], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // The compiler has said what is wrong.
  if (status !== 0) process.exit(status ?? 1);
}
