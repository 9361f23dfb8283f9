import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

export interface ChaosOptions {
  /** How long rounds are begun; the least rounds of each scenario are made in any case. */
  readonly minutes: number;
  readonly seed: string;
  /** The scenarios whose name contains this. */
  readonly only: string;
  /** This many rounds of each, instead of `minutes`. */
  readonly rounds: number | null;
  /** Where to write the result as JSON, counts in the names of vitest's report. */
  readonly report: string | null;
}

export function readOptions(): ChaosOptions {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      report: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (!(minutes >= 0) || (rounds !== null && !(rounds >= 1)))
    throw new Error('Give --minutes N and --rounds N as numbers.');
  return {
    minutes,
    rounds,
    seed: values.seed ?? execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim(),
    only: values.only,
    report: values.report ?? process.env['TEST_REPORT'] ?? null,
  };
}
