import type { ChaosOptions } from './options.ts';
import { SeededRandom } from './random.ts';
import type { Scenario } from './scenario.ts';

/** Which scenario comes next: each one once, then the rest of what each must make, then by weight while there is time. */
export function* schedule(scenarios: readonly Scenario[], options: ChaosOptions): Generator<Scenario> {
  const endMs = performance.now() + options.minutes * 60_000;
  const random = new SeededRandom(`${options.seed}/order`);
  const rounds = ({ leastRounds }: Scenario): number => options.rounds ?? leastRounds;
  yield* random.shuffled(scenarios);
  yield* random.shuffled(
    scenarios.flatMap((scenario) => Array.from({ length: rounds(scenario) - 1 }, () => scenario)),
  );
  const weights = scenarios.reduce((sum, { weight }) => sum + weight, 0);
  if (options.rounds !== null || weights === 0) return;
  while (performance.now() < endMs) {
    let left = random.next() * weights;
    const next = scenarios.find(({ weight }) => (left -= weight) < 0);
    if (next !== undefined) yield next;
  }
}
