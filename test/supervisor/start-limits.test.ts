import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LimitExceededError } from '../../src/domain/errors.ts';
import { Places } from '../../src/domain/places.ts';
import { StartLimits } from '../../src/supervisor/start-limits.ts';
import { StartRate } from '../../src/supervisor/start-rate.ts';

describe('places', () => {
  type Step =
    | { readonly kind: 'take' | 'occupy'; readonly holder: number }
    | { readonly kind: 'dispose'; readonly at: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constantFrom('take' as const, 'occupy' as const), holder: fc.nat(3) }),
    fc.record({ kind: fc.constant('dispose' as const), at: fc.nat(100) }),
  );

  it('are taken and free again as their guards say, whoever takes, and disposes once or twice, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(step, { size: 'max', maxLength: 200 }),
        fc.nat(8),
        fc.nat(4),
        (steps, all, each) => {
          const places = new Places<number>({
            inAll: { most: all, refusal: 'all' },
            each: { most: each, refusal: 'each' },
          });
          const guards: { readonly holder: number; readonly guard: Disposable; isTaken: boolean }[] = [];
          for (const now of steps) {
            const taken = guards.filter(({ isTaken }) => isTaken);
            if (now.kind === 'dispose') {
              const chosen = guards[now.at % Math.max(guards.length, 1)];
              chosen?.guard[Symbol.dispose]();
              if (chosen !== undefined) chosen.isTaken = false;
            } else {
              const { holder } = now;
              const own = taken.filter((other) => other.holder === holder).length;
              const refusal = own >= each ? 'each' : taken.length >= all ? 'all' : undefined;
              if (now.kind === 'take' && refusal !== undefined) {
                expect(() => places.take(holder)).toThrow(new LimitExceededError(refusal));
              } else {
                const guard = now.kind === 'take' ? places.take(holder) : places.occupy(holder);
                guards.push({ holder, guard, isTaken: true });
              }
            }
            const left = guards.filter(({ isTaken }) => isTaken);
            expect(places.taken).toBe(left.length);
            for (const holder of [0, 1, 2, 3])
              expect(places.takenBy(holder)).toBe(left.filter((one) => one.holder === holder).length);
          }
        },
      ),
    );
  });
});

describe('the rate of starts', () => {
  it('is that of a bucket for each token that holds a minute’s starts and fills evenly', () => {
    const start = fc.record({
      token: fc.constantFrom(null, 1, 2),
      pauseMs: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40_000) }),
    });
    const most = fc.constantFrom(1, 2, 5, 60);
    fc.assert(
      fc.property(fc.array(start, { size: 'max', maxLength: 300 }), most, (starts, perMinute) => {
        let nowMs = 1_000_000;
        const rate = new StartRate(perMinute, () => nowMs);
        const buckets = new Map<number | null, { left: number; atMs: number }>();
        for (const { token, pauseMs } of starts) {
          nowMs += pauseMs;
          const bucket = buckets.get(token) ?? { left: perMinute, atMs: nowMs };
          buckets.set(token, bucket);
          bucket.left = Math.min(perMinute, bucket.left + ((nowMs - bucket.atMs) * perMinute) / 60_000);
          bucket.atMs = nowMs;
          // So near to a whole one either answer is right: sums of fractions are not exact.
          if (Math.abs(bucket.left - 1) < 0.01 && bucket.left !== 1) return;
          if (bucket.left >= 1) {
            rate.spend(token);
            bucket.left -= 1;
          } else {
            expect(() => {
              rate.spend(token);
            }).toThrow(LimitExceededError);
          }
        }
      }),
    );
  });

  it('is refused with the limit, its option, and when to try again; that time is right', () => {
    let nowMs = 0;
    const rate = new StartRate(6, () => nowMs);
    const spend = (): void => {
      rate.spend(1);
    };
    for (let n = 0; n < 6; n += 1) spend();
    expect(spend).toThrow(
      'This token starts more than 6 jobs a minute, the most that --max-starts-per-minute allows. Try again in 10 s.',
    );
    nowMs = 9_900;
    expect(spend).toThrow('Try again in 1 s.');
    nowMs = 10_000;
    spend();
    expect(spend).toThrow(LimitExceededError);
    rate.spend(null);
  });
});

describe('the limits of starting', () => {
  it('take nothing from either where the other refuses', () => {
    const limits = new StartLimits({ maxJobsPerToken: 3, maxStartsPerMinute: 2 });
    const first = limits.admit(null);
    limits.admit(null);
    for (let n = 0; n < 5; n += 1) expect(() => limits.admit(null)).toThrow('--max-starts-per-minute');
    // Were a place lost at each of these, there would be none.
    expect(() => limits.admit(null)).toThrow('--max-starts-per-minute');
    first[Symbol.dispose]();
    limits.resume(null);
    limits.resume(null);
    expect(() => limits.admit(null)).toThrow('--max-jobs-per-token');
    limits.admit(7);
  });
});
