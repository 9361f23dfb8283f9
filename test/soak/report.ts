import type { Counts } from './counts.ts';
import type { SoakOptions } from './options.ts';

export interface Check {
  readonly what: string;
  readonly result: 'passed' | 'FAILED' | 'SKIPPED';
  readonly seen: string;
}

/** What a run has seen, as it stands in docs/reliability.md. */
export function soakTable({ minutes, seed }: SoakOptions, checks: readonly Check[], counts: Counts): string {
  const rows = checks.map(({ what, result, seen }) => `| ${what} | ${seen} | ${result} |`);
  const done = counts.entries.map(([what, count]) => `${what}: ${count.toLocaleString('en')}`);
  return `${minutes} minutes, seed \`${seed}\`.

| must hold | seen | result |
| --- | --- | --- |
${rows.join('\n')}

What was done: ${done.join('; ')}.
`;
}
