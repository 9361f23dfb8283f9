import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a small file in the place of the former: whole or not at all, and on the disk when this resolves, so that it is there after a
 * loss of the machine, too.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_RDONLY, O_DIRECTORY } = constants;
  const file = await open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  const directory = await open(dirname(path), O_RDONLY | O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
