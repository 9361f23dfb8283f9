import { renameSync, writeFileSync } from 'node:fs';

/**
 * Writes a small file in the place of the former: whole or not at all, whenever the server dies. Not waited for by the disk: see
 * `writeDurably`.
 */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.part`, text, { mode: 0o600 });
  renameSync(`${path}.part`, path);
}
