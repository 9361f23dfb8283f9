/** Runs every `check:*` script of package.json, all of them even if one fails, and says of each how it went. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const outcomes = Object.keys(scripts)
  .filter((name) => name.startsWith('check:'))
  .map((name) => {
    process.stdout.write(`\n> ${name}\n`);
    const { status } = spawnSync('npm', ['run', '--silent', name], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return { name, passed: status === 0 };
  });

process.stdout.write('\n');
for (const { name, passed } of outcomes) process.stdout.write(`${passed ? 'passed' : 'failed'} ${name}\n`);
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
