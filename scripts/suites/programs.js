import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** Absolute path of the first program with one of the names, in PATH and in further directories; `undefined` without one. */
export function findProgram(names, directories = []) {
  return [...(process.env.PATH ?? '').split(delimiter), ...directories]
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .find(isExecutable);
}

/** Installs a package where that can be done, on Debian as root; does nothing elsewhere. @param purpose for people */
export function installOnDebian(packageName, purpose) {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  process.stderr.write(`Installing ${packageName} for ${purpose}: apt-get install ${packageName}\n`);
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', packageName], options);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
