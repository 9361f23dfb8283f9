import { describe, expect, it } from 'vitest';
import { Backoff, pause } from '../../src/client/backoff.ts';

describe('the wait before the next try', () => {
  it('is bounded by 100 ms, doubling to 5 s, and starts again after a reset', () => {
    const longest = new Backoff(() => 1);
    expect(Array.from({ length: 8 }, () => longest.nextDelayMs())).toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000,
    ]);
    longest.reset();
    expect(longest.nextDelayMs()).toBe(100);
  });

  it('is a random part of its bound, down to none', () => {
    const draws = [0, 0.5];
    const backoff = new Backoff(() => draws.shift() ?? 1);
    expect([backoff.nextDelayMs(), backoff.nextDelayMs()]).toEqual([0, 100]);
  });

  it('is over at once when the signal aborts, and leaves no timer', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const reader = new AbortController();
    const paused = pause(60_000, reader.signal);
    expect(timers()).toBe(before + 1);
    reader.abort();
    await paused;
    await pause(60_000, reader.signal);
    expect(timers()).toBe(before);
  });
});
