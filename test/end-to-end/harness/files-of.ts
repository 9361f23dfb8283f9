import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below a directory with a digest of its bytes and its mode, to see that nothing has been changed. */
export function filesOf(
  path: string,
  counts: (name: string) => boolean = () => true,
): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.filter(counts).map((name) => {
      const { mode } = lstatSync(join(path, name));
      const isFile = (mode & 0o170_000) === 0o100_000;
      const digest = isFile
        ? createHash('sha256')
            .update(readFileSync(join(path, name)))
            .digest('hex')
        : '';
      return [name, `${(mode & 0o7777).toString(8)} ${digest}`];
    }),
  );
}
