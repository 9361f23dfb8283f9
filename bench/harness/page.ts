import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import prettier from 'prettier';

const PAGE = join(import.meta.dirname, '../../docs/performance.md');

/** Puts a text between its markers in docs/performance.md. @throws Error where the page has no such markers */
export async function writeIntoPage(name: string, text: string): Promise<void> {
  const begin = `<!-- ${name}: written by the benchmark -->`;
  const end = `<!-- end of ${name} -->`;
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/performance.md has no markers for ${name}.`);
  const changed = `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
  const config = await prettier.resolveConfig(PAGE);
  writeFileSync(PAGE, await prettier.format(changed, { ...config, parser: 'markdown' }));
}
