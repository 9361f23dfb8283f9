import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../chaos/scenarios/all.ts';
import { ACCEPTED_CHAOS_SKIPS, ACCEPTED_LATER, ACCEPTED_SKIPS } from '../reliability/accepted.ts';
import { FAULT_COUNT, FAULTS } from '../reliability/all-faults.ts';
import { reliabilityPage, resultOf } from '../reliability/page.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Every text in a file that could be the title of a test. */
function textsOf(path: string): Set<string> {
  const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  const texts = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.add(node.text);
    if (ts.isTemplateExpression(node)) texts.add(node.getText(source).slice(1, -1));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

function testFiles(): string[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path}`);
}

describe('the table of faults', () => {
  it('has every number once', () => {
    const numbers = FAULTS.map(({ number }) => number).sort((one, other) => one - other);
    expect(numbers).toEqual(Array.from({ length: FAULT_COUNT }, (_, index) => index + 1));
  });

  it('names tests and scenarios that exist', () => {
    const scenarios = new Set(SCENARIOS.map(({ name }) => name));
    const files = new Map<string, Set<string>>();
    const missing = FAULTS.flatMap((fault) =>
      ('evidence' in fault ? fault.evidence : []).flatMap((evidence) => {
        if ('scenario' in evidence) return scenarios.has(evidence.scenario) ? [] : [evidence.scenario];
        const texts = files.get(evidence.file) ?? textsOf(evidence.file);
        files.set(evidence.file, texts);
        return texts.has(evidence.test) ? [] : [`${evidence.file}: ${evidence.test}`];
      }),
    );
    expect(missing).toEqual([]);
  });

  it('names every scenario at the faults that it injects', () => {
    const named = new Set(
      FAULTS.flatMap((fault) => ('evidence' in fault ? fault.evidence : [])).flatMap((evidence) =>
        'scenario' in evidence ? [evidence.scenario] : [],
      ),
    );
    expect(SCENARIOS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([
      'death at IDENTITY_STORED',
      'server frozen by SIGSTOP',
    ]);
  });

  it('leaves for later what was accepted, and nothing else', () => {
    const later = FAULTS.filter((fault) => resultOf(fault) === 'later').map(({ number }) => number);
    expect(later).toEqual([...ACCEPTED_LATER]);
  });

  it('is docs/reliability.md: npm run generate:reliability', async () => {
    expect(readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8')).toBe(await reliabilityPage());
  });
});

describe('skipped tests', () => {
  it('are in the files that were accepted, and nowhere else', () => {
    const skips = /\b(?:it|describe|test)\.(?:skip|skipIf|runIf|todo|only)\b|\bcontext\.skip\(/;
    const skipping = testFiles().filter((path) => skips.test(readFileSync(join(ROOT, path), 'utf8')));
    expect(skipping.sort()).toEqual(Object.keys(ACCEPTED_SKIPS).sort());
  });

  it('of the chaos run are those that need namespaces', () => {
    const skipping = SCENARIOS.filter(({ inNamespaces }) => inNamespaces !== undefined);
    expect(skipping.map(({ name }) => name)).toEqual([...ACCEPTED_CHAOS_SKIPS]);
  });
});
