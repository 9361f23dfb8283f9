import { isSecretPath, type ChangedField, type ServiceChange } from '../service-file/difference.ts';
import type { Plan, PlanStep } from '../service-file/plan.ts';
import { harmlessLine } from './harmless-text.ts';
import type { OutputStream } from './output-stream.ts';
import { shellWords } from './shell-words.ts';
import { styled } from './style.ts';

const MARKS = {
  ADD: { mark: '+', format: 'green' },
  CHANGE: { mark: '~', format: 'yellow' },
  DESIRED: { mark: '~', format: 'yellow' },
  REMOVE: { mark: '-', format: 'red' },
} as const;

const LONGEST_VALUE = 100;

/** The difference for people: what is added, changed, removed, and what happens to what runs. */
export function planText(output: OutputStream, { changes, steps, left, kept }: Plan): string {
  const lines = changes.flatMap((change) => linesOf(output, change, steps, left));
  const same = changes.filter(({ change }) => change === 'NONE').length;
  if (lines.length > 0 && same > 0) lines.push(styled(output, 'dim', `  ${same} as they are`));
  if (kept.length > 0) {
    lines.push(
      styled(output, 'dim', `  not in the file, and kept: ${kept.join(', ')} (--prune removes them)`),
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(
  output: OutputStream,
  { name, change, fields }: ServiceChange,
  steps: readonly PlanStep[],
  left: readonly string[],
): string[] {
  if (change === 'NONE') return [];
  const { mark, format } = MARKS[change];
  const kinds = steps.filter((step) => step.name === name).map(({ kind }) => kind);
  const heading = `${mark} ${name}: ${whatHappens(kinds, left.includes(name))}`;
  // What it begins with is in the file.
  const shown =
    change === 'ADD' ? fields.filter(({ path }) => path === 'command' || path === 'script') : fields;
  return [styled(output, format, heading), ...shown.map((field) => `    ${fieldText(field)}`)];
}

function whatHappens(kinds: readonly PlanStep['kind'][], isLeft: boolean): string {
  const words = {
    SAVE: 'saved',
    STOP: 'stopped',
    DELETE: 'stopped and removed',
    START: 'started',
    RESTART: 'restarted',
  };
  const done = kinds.map((kind) => words[kind]);
  if (isLeft) done.push('goes on as it was until its next start');
  return done.length === 0 ? 'left as it is' : done.join(', ');
}

function fieldText({ path, from, to }: ChangedField): string {
  if (isSecretPath(path)) {
    const what =
      from === undefined
        ? 'a value'
        : to === undefined
          ? 'no value'
          : from === null
            ? 'perhaps another value'
            : 'another value';
    return `${harmlessLine(path)}: (not shown) ${what}`;
  }
  if (from === undefined) return `${harmlessLine(path)}: ${valueText(to)}`;
  return `${harmlessLine(path)}: ${valueText(from)} → ${valueText(to)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return '(default)';
  const text = Array.isArray(value)
    ? shellWords(value.map(String))
    : harmlessLine(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}
