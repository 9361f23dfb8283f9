import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { CliError } from './cli-error.ts';

/**
 * Reads the text for a job's standard input from a file, or with `-` from our own standard input to its end.
 * @throws CliError if it cannot be read or is not UTF-8
 */
export async function readInput(path: string): Promise<string> {
  const bytes = path === '-' ? await buffer(process.stdin) : await fileBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CliError('--stdin takes text in UTF-8 only. Let the job read a file instead.');
  }
}

async function fileBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new CliError(`--stdin ${path} cannot be read (${code}).`, { cause });
  }
}
