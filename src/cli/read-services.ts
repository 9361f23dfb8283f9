import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { readServiceFile, type WantedService } from '../service-file/read-service-file.ts';
import { ServiceFileError } from '../service-file/service-file-error.ts';
import { CliError } from './cli-error.ts';

/** Text of a file, or with `-` of our standard input, and where it lies. */
export interface GivenFile {
  /** For messages. */
  readonly name: string;
  readonly text: string;
  /** Absolute path: where its relative paths begin. */
  readonly directory: string;
}

/** @throws CliError if it cannot be read */
export async function readGivenFile(path: string, directory: string): Promise<GivenFile> {
  if (path === '-') {
    return { name: '(standard input)', text: (await buffer(process.stdin)).toString('utf8'), directory };
  }
  const absolute = resolve(directory, path);
  try {
    return { name: path, text: await readFile(absolute, 'utf8'), directory: dirname(absolute) };
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new CliError(`${path} cannot be read (${code}).`, { cause });
  }
}

/**
 * The services that a file wants.
 * @param isLocal whether paths mean the same to the server, so that a service can run where its file lies
 * @throws CliError with all that is wrong with it
 */
export function servicesIn(
  { name, text, directory }: GivenFile,
  isLocal: boolean,
): ReadonlyMap<string, WantedService> {
  return orComplaint(() =>
    readServiceFile(text, name, { base: directory, defaultCwd: isLocal ? directory : null }),
  );
}

/** @throws CliError instead of a ServiceFileError */
export function orComplaint<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ServiceFileError)) throw error;
    const { message, problems } = error;
    const things = problems.length === 1 ? 'one thing is' : `${problems.length} things are`;
    throw new CliError(`${things} wrong with the file, and nothing was done:\n${message}`, { cause: error });
  }
}
