import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { processAgeMs } from '../../src/supervisor/process-clock.ts';
import { readProcess } from '../../src/supervisor/process-table.ts';

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
