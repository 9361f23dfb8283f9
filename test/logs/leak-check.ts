import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import type { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { SCRATCH_PREFIX } from './scratch.ts';

/**
 * After every test of the file: no open channel, no subscriber, no descriptor of a file in a scratch folder, no watch, and
 * no timer that was not there before. Counted by the system, not by the code that is tested.
 * @param busOf The bus of the test that just ran, if it has one.
 */
export function checkLeaks(busOf: () => LogEventBus | undefined = () => undefined): void {
  let before = { watches: 0, timers: 0 };
  beforeEach(() => {
    before = { watches: watchCount(), timers: timerCount() };
  });
  afterEach(async () => {
    expect(busOf()?.size ?? 0, 'open channels').toBe(0);
    expect(busOf()?.subscribers ?? 0, 'subscribers').toBe(0);
    const leaks = (): object => ({
      files: scratchDescriptors(),
      watches: watchCount() - before.watches,
      timers: Math.max(0, timerCount() - before.timers),
    });
    const none = { files: [], watches: 0, timers: 0 };
    // A read that is under way in another thread may end after the guard is disposed. No timer here: it would be counted.
    const limitMs = performance.now() + 2_000;
    while (!isDeepStrictEqual(leaks(), none) && performance.now() < limitMs) await nextTurn();
    expect(leaks()).toEqual(none);
  });
}

/** What the open descriptors of this process into scratch folders point to. */
export function scratchDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    const target = linkTarget(`/proc/self/fd/${descriptor}`);
    return target?.includes(SCRATCH_PREFIX) === true ? [target] : [];
  });
}

/** The inotify watches of this process. One of a directory that was removed is gone by itself. */
export function watchCount(): number {
  return readdirSync('/proc/self/fdinfo')
    .filter((descriptor) => linkTarget(`/proc/self/fd/${descriptor}`) === 'anon_inode:inotify')
    .map(
      (descriptor) => readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8').split('inotify wd:').length - 1,
    )
    .reduce((sum, count) => sum + count, 0);
}

function timerCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate').length;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
