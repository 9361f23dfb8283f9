/** Compiles src/ to dist/ and lays beside it what the server reads at run time and the compiler does not carry over. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const CARRIED_OVER = ['supervisor/shim.sh'];

rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [createRequire(import.meta.url).resolve('typescript/lib/tsc.js'), '-p', 'tsconfig.build.json'],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);
for (const file of CARRIED_OVER) {
  if (existsSync(join(root, 'src', file))) copyFileSync(join(root, 'src', file), join(root, 'dist', file));
}
const main = join(root, 'dist/main.js');
if (existsSync(main)) chmodSync(main, 0o755);
