import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { StartupError } from './startup-error.ts';

/**
 * Reads the access token, making one at the first start: 256 random bits, in a file that only this user can read.
 * @throws StartupError if the file cannot be read or written, or is empty.
 */
export function readOrMakeToken(path: string): string {
  try {
    writeFileSync(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotUse(path, error);
  }
  try {
    chmodSync(path, 0o600);
    const token = readFileSync(path, 'utf8').trim();
    if (token.length < 16) throw new Error('fewer than 16 characters');
    return token;
  } catch (error) {
    throw cannotUse(path, error);
  }
}

function cannotUse(path: string, error: unknown): StartupError {
  return new StartupError(
    `The token file ${path} cannot be used (${(error as Error).message}). Make it readable for this user, delete it to get a new one, or set LIFELINE_TOKEN.`,
    { cause: error },
  );
}
