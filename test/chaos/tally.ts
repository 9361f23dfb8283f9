import type { Scenario } from './scenario.ts';

/** What became of one scenario. */
export class Tally {
  readonly scenario: Scenario;
  readonly counts = new Map<string, number>();
  readonly failures: string[] = [];
  rounds = 0;
  skippedBecause: string | null = null;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  get result(): 'passed' | 'FAILED' | 'SKIPPED' {
    if (this.skippedBecause !== null) return 'SKIPPED';
    return this.failures.length === 0 && this.rounds > 0 ? 'passed' : 'FAILED';
  }
}

/** The table: one row for each scenario, with the faults that it injects and what it counted. */
export function table(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ scenario, rounds, failures, counts, result, skippedBecause }) => [
    scenario.name,
    scenario.faults.join(' '),
    String(rounds),
    String(failures.length),
    result,
    skippedBecause ?? [...counts].map(([what, count]) => `${what}: ${count}`).join(', '),
  ]);
  const all = [['scenario', 'faults', 'rounds', 'failed', 'result', 'counts'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** In the names of vitest's report, so that .ci/run adds it up like the others. */
export function report(seed: string, tallies: readonly Tally[]): string {
  const withResult = (result: Tally['result']): number =>
    tallies.filter((tally) => tally.result === result).length;
  return JSON.stringify(
    {
      numPassedTests: withResult('passed'),
      numFailedTests: withResult('FAILED'),
      numPendingTests: withResult('SKIPPED'),
      numTodoTests: 0,
      seed,
      scenarios: tallies.map(({ scenario, rounds, failures, counts, result, skippedBecause }) => ({
        name: scenario.name,
        faults: scenario.faults,
        injection: scenario.injection,
        result,
        rounds,
        failures,
        skippedBecause,
        counts: Object.fromEntries(counts),
      })),
    },
    null,
    2,
  );
}
