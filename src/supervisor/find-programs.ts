import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { CommandNotFoundError } from '../domain/errors.ts';

/**
 * Finds the programs that a name can stand for, as execvp(3) would, so that a missing one is told from a program that exits
 * with 127: the first is meant, and another one only by a user who may not execute those before it.
 * Looks no further than it is asked.
 * @param path as in PATH
 * @throws CommandNotFoundError where there is none
 */
export function* findPrograms(name: string, cwd: string, path: string): Generator<string, void> {
  const candidates = name.includes('/')
    ? [resolve(cwd, name)]
    : path.split(delimiter).map((directory) => join(resolve(cwd, directory), name));
  let problem = `was not found${name.includes('/') ? '' : ' in PATH'}`;
  let isFound = false;
  for (const candidate of candidates) {
    const found = executableProblem(candidate);
    if (found === undefined) {
      isFound = true;
      yield candidate;
    } else if (found !== 'was not found') problem = found;
  }
  if (!isFound)
    throw new CommandNotFoundError(`The program ${JSON.stringify(name.slice(0, 500))} ${problem}.`);
}

function executableProblem(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'is a directory, not a program';
    accessSync(path, constants.X_OK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'may not be executed' : 'was not found';
  }
  const interpreter = shebangInterpreter(path);
  if (interpreter !== undefined && executableProblem(interpreter) !== undefined) {
    return `needs the interpreter ${JSON.stringify(interpreter)} of its first line, which was not found`;
  }
  return undefined;
}

/** The interpreter that a script names in its first line; an unreadable file is left to the kernel. */
function shebangInterpreter(path: string): string | undefined {
  try {
    const descriptor = openSync(realpathSync(path), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const head = Buffer.alloc(256);
      const length = readSync(descriptor, head, 0, head.length, 0);
      return /^#![ \t]*([^ \t\n]+)/.exec(head.toString('utf8', 0, length))?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
