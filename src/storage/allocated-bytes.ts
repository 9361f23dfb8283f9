import { lstatSync, readdirSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** POSIX: of st_blocks, whatever the block size of the file system. */
const BLOCK_BYTES = 512;

/** What a directory and its files take on the disk: holes take nothing. 0 where there is none. */
export function allocatedBytesNow(path: string): number {
  try {
    const paths = [path, ...readdirSync(path).map((name) => join(path, name))];
    const blocks = paths.map((each) => lstatSync(each, { throwIfNoEntry: false })?.blocks ?? 0);
    return sum(blocks) * BLOCK_BYTES;
  } catch {
    return 0;
  }
}

/** The same, for a history that is measured beside everything else. */
export async function allocatedBytes(path: string): Promise<number> {
  try {
    const paths = [path, ...(await readdir(path)).map((name) => join(path, name))];
    const blocks = paths.map(async (each) => (await lstat(each).catch(() => null))?.blocks ?? 0);
    return sum(await Promise.all(blocks)) * BLOCK_BYTES;
  } catch {
    return 0;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
