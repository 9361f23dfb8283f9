import type { Counts } from './counts.ts';
import type { SoakArguments } from './options.ts';

/** One thing that must hold, and what was seen of it. */
export interface Check {
  readonly what: string;
  readonly result: 'passed' | 'FAILED' | 'SKIPPED';
  readonly seen: string;
}

/** What a run has seen, as it stands in docs/reliability.md. */
export function soakTable(
  { minutes, seed }: SoakArguments,
  checks: readonly Check[],
  counts: Counts,
): string {
  const rows = checks.map(({ what, result, seen }) => `| ${what} | ${seen} | ${result} |`);
  const done = counts.entries.map(([what, count]) => `${what}: ${count.toLocaleString('en')}`);
  return `${minutes} minutes, seed \`${seed}\`.

| must hold | seen | result |
| --- | --- | --- |
${rows.join('\n')}

What was done: ${done.join('; ')}.
`;
}

/** In the names of vitest's report, so that .ci/run adds it up like the others. */
export function soakReport(seed: string, checks: readonly Check[]): string {
  const withResult = (result: Check['result']): number =>
    checks.filter((check) => check.result === result).length;
  return JSON.stringify({
    numPassedTests: withResult('passed'),
    numFailedTests: withResult('FAILED'),
    numPendingTests: withResult('SKIPPED'),
    numTodoTests: 0,
    seed,
    checks,
  });
}
