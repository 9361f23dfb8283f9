import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes from others what they may do with a directory and with what is directly in it: 0700 for directories, 0600 for
 * files and sockets, but for the names in `without`. What belongs to another user is theirs to change; links are not followed.
 */
export function narrowModes(path: string, without: readonly string[] = []): void {
  narrow(path);
  for (const name of readdirSync(path)) if (!without.includes(name)) narrow(join(path, name));
}

function narrow(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink() || found.uid !== process.getuid?.()) return;
  const mode = found.isDirectory() ? 0o700 : 0o600;
  if ((found.mode & 0o7777) !== mode) chmodSync(path, mode);
}
