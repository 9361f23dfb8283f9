import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

export interface SoakArguments {
  /** How long things are begun; the ends of all of them come after it. */
  readonly minutes: number;
  readonly seed: string;
  /** Whether the table is to be written down for docs/reliability.md. */
  readonly write: boolean;
  /** Where to write the result as JSON, counts in the names of vitest's report. */
  readonly report: string | null;
}

export function readOptions(): SoakArguments {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string' },
      write: { type: 'boolean', default: false },
      report: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error('Give --minutes N as a number above 0.');
  return {
    minutes,
    seed: values.seed ?? execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim(),
    write: values.write,
    report: values.report ?? process.env['TEST_REPORT'] ?? null,
  };
}
