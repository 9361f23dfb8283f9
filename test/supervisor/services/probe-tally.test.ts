import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProbeTally } from '../../../src/supervisor/services/probe-tally.ts';

/** The rule as one would say it, with the whole history at hand: the last N tries all went the other way since it turned. */
function naive(tries: readonly boolean[], successes: number, failures: number, isYes: boolean): boolean[] {
  let since = 0;
  return tries.map((_, index) => {
    const wanted = isYes ? failures : successes;
    const last = tries.slice(since, index + 1).slice(-wanted);
    if (last.length === wanted && last.every((isOk) => isOk !== isYes)) {
      isYes = !isYes;
      since = index + 1;
    }
    return isYes;
  });
}

describe('the thresholds of a probe', () => {
  it('turn it after so many tries in a row, and never before, whatever the tries', () => {
    const threshold = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        threshold,
        threshold,
        fc.boolean(),
        (tries, successThreshold, failureThreshold, isYes) => {
          const tally = new ProbeTally({ successThreshold, failureThreshold }, isYes);
          const expected = naive(tries, successThreshold, failureThreshold, isYes);
          let before = isYes;
          tries.forEach((isOk, index) => {
            expect(tally.add(isOk)).toBe(expected[index] !== before);
            expect(tally.isYes).toBe(expected[index]);
            before = tally.isYes;
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
