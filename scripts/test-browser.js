/**
 * Runs test/browser in a real Chromium: that of CHROMIUM_PATH, or of the PATH; on Debian, where this runs as root, it
 * installs one. Without any it fails and says so: a test that did not run has not passed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const chromium = process.env.CHROMIUM_PATH ?? find() ?? install();
if (chromium === undefined) {
  process.stderr.write(
    'There is no Chromium here, so the browser tests did not run. Install one, or name it in CHROMIUM_PATH.\n',
  );
  process.exit(1);
}
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const args = ['run', '--config', 'vitest.browser.config.ts', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, [vitest, ...args], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, CHROMIUM_PATH: chromium },
});
process.exit(status ?? 1);

function find() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  process.stderr.write('Installing Chromium for the browser tests: apt-get install chromium\n');
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
  return find();
}
