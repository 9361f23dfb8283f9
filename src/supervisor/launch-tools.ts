import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { StartupError } from '../storage/startup-error.ts';
import type { LaunchTools } from './launch-script.ts';

/**
 * Finds what the shim needs. @throws StartupError if something is missing
 * @param path directories to look in, as in PATH
 */
export function findLaunchTools(path: string): LaunchTools {
  const find = (name: string): string | null => findProgram(name, path);
  const need = (name: string): string => {
    const found = find(name);
    if (found === null)
      throw new StartupError(
        `Lifeline needs the program ${name}, which is not in PATH. Install it (setsid is in util-linux).`,
      );
    return found;
  };
  need('cat');
  return {
    shell: '/bin/sh',
    env: need('env'),
    setsid: need('setsid'),
    stdbuf: find('stdbuf'),
    tini: find('tini'),
    fallocate: find('fallocate'),
    path,
  };
}

/** Absolute path of a program, or `null`. @param path directories to look in, as in PATH; others than absolute ones do not count */
export function findProgram(name: string, path: string): string | null {
  return (
    path
      .split(delimiter)
      .filter(isAbsolute)
      .map((directory) => join(directory, name))
      .find(isExecutable) ?? null
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
