import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RecipeProject, recipes } from './recipe-project.ts';

const TESTS = [import.meta.dirname, join(import.meta.dirname, '../browser/clients')];

it('every program of docs/clients.md has a name, and a test that runs it', () => {
  const tests = TESTS.flatMap((directory) =>
    readdirSync(directory)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(directory, file), 'utf8')),
  ).join('\n');
  const sources = recipes();
  const isRun = (name: string) => {
    const module = name.replace(/\.ts$/, '');
    return tests.includes(`'${name}'`) || sources.some(({ source }) => source.includes(`'./${module}'`));
  };
  expect(sources.length).toBeGreaterThan(10);
  expect(sources.filter(({ name }) => name === undefined || !isRun(name))).toEqual([]);
});

it(
  'the TypeScript of docs/clients.md is right in a strict project with the typed documents',
  { timeout: 60_000 },
  async () => {
    using project = new RecipeProject();
    expect(await project.complaints()).toBe('');
    project.write(
      'wrong.ts',
      readFileSync(project.file('apollo.ts'), 'utf8').replace('input: { script }', 'input: { script: 1 }'),
    );
    expect(await project.complaints()).toContain('wrong.ts');
  },
);
