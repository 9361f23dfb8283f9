import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ProbeLoop } from '../../../src/supervisor/services/probe-loop.ts';
import type { ProbeResult } from '../../../src/supervisor/services/probed-job.ts';
import { FakeClock } from './fake-clock.ts';

const TIMEOUT_MS = 1_000;
const PERIOD_MS = 10_000;

interface Try {
  readonly atMs: number;
  readonly signal: AbortSignal;
  readonly settle: (result: ProbeResult) => void;
  readonly fail: (error: Error) => void;
}

/** A loop whose tries a test ends by hand. */
class DrawnLoop {
  readonly clock = new FakeClock();
  readonly tries: Try[] = [];
  readonly results: { readonly atMs: number; readonly isOk: boolean }[] = [];
  readonly loop: ProbeLoop;

  constructor(firstDelayMs = 0, timeoutMs: number | null = TIMEOUT_MS) {
    this.loop = new ProbeLoop({
      clock: this.clock,
      firstDelayMs,
      timeoutMs,
      attempt: async (signal) =>
        new Promise((settle, fail) => {
          this.tries.push({ atMs: this.clock.monotonicMs(), signal, settle, fail });
        }),
      onResult: ({ isOk }) => {
        this.results.push({ atMs: this.clock.monotonicMs(), isOk });
        return PERIOD_MS;
      },
    });
  }

  get last(): Try {
    return this.tries.at(-1)!;
  }
}

describe('a probe that is tried again and again', () => {
  it('keeps one timer and one try at the most, and counts its period from the end of a try, however tries end', async () => {
    const step = fc.record({
      takesMs: fc.integer({ min: 0, max: 2 * TIMEOUT_MS }),
      how: fc.constantFrom('yes', 'no', 'throws'),
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(5_000), fc.array(step, { maxLength: 12 }), async (firstDelayMs, steps) => {
        const drawn = new DrawnLoop(firstDelayMs);
        const { clock, tries, results, loop } = drawn;
        let dueMs = firstDelayMs;
        for (const [index, { takesMs, how }] of steps.entries()) {
          expect(clock.nextMs).toBe(dueMs - clock.monotonicMs());
          clock.advance(clock.nextMs!);
          expect(tries).toHaveLength(index + 1);
          expect(drawn.last.atMs).toBe(dueMs);
          const endsMs = Math.min(takesMs, TIMEOUT_MS);
          clock.advance(endsMs);
          if (takesMs < TIMEOUT_MS) {
            if (how === 'throws') drawn.last.fail(new Error('no'));
            else drawn.last.settle({ isOk: how === 'yes', message: '' });
            await nextTurn();
          }
          const isOk = takesMs < TIMEOUT_MS && how === 'yes';
          expect(results.at(-1)).toEqual({ atMs: dueMs + endsMs, isOk });
          expect(drawn.last.signal.aborted).toBe(true);
          expect(clock.pending).toBe(1);
          dueMs += endsMs + PERIOD_MS;
          drawn.last.settle({ isOk: true, message: 'too late' });
          await nextTurn();
          expect(results).toHaveLength(index + 1);
        }
        loop[Symbol.dispose]();
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves nothing and calls nobody when it is disposed of while it waits', () => {
    const { clock, loop, tries } = new DrawnLoop(500);
    loop[Symbol.dispose]();
    expect(clock.pending).toBe(0);
    clock.advance(1_000_000);
    expect(tries).toEqual([]);
  });

  it('gives up the try that is under way when it is disposed of, at once, and hears nothing of it', async () => {
    const drawn = new DrawnLoop();
    drawn.clock.advance(0);
    drawn.loop[Symbol.dispose]();
    expect([drawn.last.signal.aborted, drawn.clock.pending]).toEqual([true, 0]);
    drawn.last.settle({ isOk: false, message: '' });
    await nextTurn();
    drawn.clock.advance(1_000_000);
    expect([drawn.results, drawn.tries.length]).toEqual([[], 1]);
  });

  it('waits for ever for a try without a timeout', () => {
    const drawn = new DrawnLoop(0, null);
    drawn.clock.advance(10_000_000);
    expect([drawn.tries.length, drawn.last.signal.aborted, drawn.clock.pending]).toEqual([1, false, 0]);
    drawn.loop[Symbol.dispose]();
  });
});
