import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootClockMs, processAgeMs, sinceMs } from '../../src/supervisor/process-clock.ts';
import { readProcess } from '../../src/supervisor/process-table.ts';

describe('the time since an event', () => {
  const HOUR_MS = 3_600_000;

  it('is that of the clock of the boot, whatever the wall clock says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: -1e12, max: 1e12 }),
        (agoMs, wallMs) => {
          const since = sinceMs({ uptimeMs: bootClockMs()! - agoMs, wallMs });
          expect(since).toBeGreaterThanOrEqual(agoMs);
          expect(since).toBeLessThan(agoMs + HOUR_MS);
        },
      ),
    );
  });

  it.each([
    ['where the other is not known', null],
    ['where the other lies in the future, as after a restart of the machine', bootClockMs()! + 24 * HOUR_MS],
  ])('is that of the wall clock %s, and never negative', (_, uptimeMs) => {
    expect(sinceMs({ uptimeMs, wallMs: Date.now() - HOUR_MS })).toBeGreaterThanOrEqual(HOUR_MS - 1_000);
    expect(sinceMs({ uptimeMs, wallMs: Date.now() + HOUR_MS })).toBe(0);
  });
});

describe('the age of a process', () => {
  it('is that of the clock of the boot, and stays known when the process is gone', async () => {
    const beforeMs = performance.now();
    const child = spawn('sleep', ['1000']);
    const identity = readProcess(child.pid!)!;
    const first = processAgeMs(identity)!;
    // A tick of 10 ms on either side.
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThanOrEqual(performance.now() - beforeMs + 20);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(processAgeMs(identity)).toBeGreaterThanOrEqual(first);
  });

  it('is not known for one that starts in the future, which is on another clock', () => {
    expect(processAgeMs({ pid: 1, startTicks: Number.MAX_SAFE_INTEGER / 1_000 })).toBeNull();
  });
});
