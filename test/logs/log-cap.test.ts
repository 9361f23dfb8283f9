import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { BacklogBound } from '../../src/logs/backlog-bound.ts';
import type { HolePuncher } from '../../src/logs/hole-puncher.ts';
import { LogCap, type LogCapOptions } from '../../src/logs/log-cap.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { readKeptMark } from '../../src/logs/kept-mark.ts';
import { Tailer } from '../../src/logs/tailer.ts';
import { Fallocate } from '../../src/supervisor/fallocate.ts';
import { findProgram } from '../../src/supervisor/launch-tools.ts';
import { checkLeaks } from './leak-check.ts';
import { Scratch, textBytes, turns, upTo } from './scratch.ts';

const MIB = 1024 * 1024;

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

/** Notes what it is asked for; ends when it is told to. */
class SlowPuncher implements HolePuncher {
  running = 0;
  most = 0;
  runs = 0;
  failures = 0;
  readonly #waiting: (() => void)[] = [];

  problem(): Promise<null> {
    return Promise.resolve(null);
  }

  async punch(): Promise<void> {
    this.runs += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.running -= 1;
    if (this.failures-- > 0) throw new Error('the disk says no');
  }

  finish(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A tailer with its cap, over files that the test writes. */
class Capped implements Disposable {
  readonly scratch: Scratch;
  readonly channel = bus.open(1);
  readonly cap: LogCap;
  readonly tailer: Tailer;
  readonly problems: string[] = [];
  limits = 0;

  constructor(scratch: Scratch, options: Pick<LogCapOptions, 'puncher'> & Partial<LogCapOptions>) {
    this.scratch = scratch;
    const { directory } = scratch;
    this.cap = new LogCap({
      directory,
      maxBytes: MIB,
      overflow: 'TRIM',
      onLimit: () => (this.limits += 1),
      onProblem: (problem) => this.problems.push(problem),
      ...options,
    });
    this.tailer = new Tailer({
      directory,
      channel: this.channel,
      resumed: false,
      idleMs: 60_000,
      onGrowth: (extent) => {
        this.cap.check(extent);
        return false;
      },
    });
  }

  /** Writes so many bytes of lines of 100, and waits until they are numbered. */
  async grow(bytes: number): Promise<void> {
    const { stdoutBytes } = this.tailer.totals;
    this.scratch.write('STDOUT', textBytes(upTo(bytes / 100).map(() => 'x'.repeat(99))));
    this.tailer.poke();
    while (this.tailer.totals.stdoutBytes < stdoutBytes + bytes) await turns(1);
  }

  [Symbol.dispose](): void {
    this.tailer[Symbol.dispose]();
    this.cap[Symbol.dispose]();
    this.channel[Symbol.dispose]();
  }
}

async function until(condition: () => boolean): Promise<void> {
  const limitMs = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > limitMs) throw new Error('it did not come true');
    await turns(1);
  }
}

function fallocate(scratch: Scratch): Fallocate {
  const path = ['/usr/bin', '/bin', ...(process.env['PATH'] ?? '').split(delimiter)].join(delimiter);
  return new Fallocate(findProgram('fallocate', path), join(scratch.root, 'probe'));
}

describe('the cap of a log', () => {
  it('gives the beginning of the files back to the file system, and leaves the rest as it was', async () => {
    using scratch = new Scratch();
    using capped = new Capped(scratch, { puncher: fallocate(scratch) });
    for (let round = 0; round < 20; round++) await capped.grow(200_000);
    await capped.tailer.drain();
    await capped.cap.settle(capped.tailer.extent);
    const { logPath, stdoutOffset } = {
      logPath: scratch.directory.logPath('STDOUT'),
      ...readKeptMark(scratch.directory),
    };
    expect(capped.problems).toEqual([]);
    expect(statSync(logPath).size).toBe(4_000_000);
    expect(statSync(logPath).blocks * 512).toBeLessThanOrEqual(MIB);
    expect(stdoutOffset).toBeGreaterThanOrEqual(4_000_000 - MIB);
    const kept = readFileSync(logPath).subarray(stdoutOffset);
    expect(kept.equals(textBytes(upTo(kept.length / 100).map(() => 'x'.repeat(99))))).toBe(true);
    using reader = await JobLogReader.open(scratch.directory);
    expect(await reader.keptBytes()).toBeLessThanOrEqual(MIB);
  });

  it('is looked after by one trim at a time, and seldom', async () => {
    using scratch = new Scratch();
    const puncher = new SlowPuncher();
    using capped = new Capped(scratch, { puncher });
    await capped.grow(1_000_000);
    expect(puncher.runs).toBe(0);
    await capped.grow(500_000);
    await until(() => puncher.running === 1);
    await capped.grow(500_000);
    expect(puncher).toMatchObject({ runs: 1, most: 1 });
    puncher.finish();
    await until(() => puncher.running === 0);
    for (let round = 0; round < 100; round++) {
      await capped.grow(10_000);
      puncher.finish();
      await turns(3);
    }
    // Two million bytes have come since the cap was reached, and one run frees an eighth of it.
    expect(puncher.most).toBe(1);
    expect(puncher.runs).toBeLessThanOrEqual(12);
    // Whether there is one more to do depends on how long the last one rests.
    let isSettled = false;
    void capped.cap.settle(capped.tailer.extent).then(() => (isSettled = true));
    await until(() => {
      puncher.finish();
      return isSettled;
    });
  });

  it('moves the mark before anything goes; where that fails it is told, and tried again at the end', async () => {
    using scratch = new Scratch();
    const puncher = new SlowPuncher();
    puncher.failures = 1;
    using capped = new Capped(scratch, { puncher });
    await capped.grow(2_000_000);
    await until(() => puncher.running === 1);
    expect(readKeptMark(scratch.directory).seq).toBeGreaterThan(1);
    puncher.finish();
    await until(() => capped.problems.length > 0);
    expect(capped.problems).toEqual(['The beginning of the log could not be given back: the disk says no']);
    expect(capped.cap.problem).toBe(capped.problems[0]);
    await capped.grow(500_000);
    expect(puncher.runs).toBe(1);
    const settled = capped.cap.settle(capped.tailer.extent);
    await until(() => puncher.running === 1);
    puncher.finish();
    await settled;
    expect(capped.cap.problem).toBeNull();
  });

  it('tells once that the job is to be ended, and trims nothing then', async () => {
    using scratch = new Scratch();
    const puncher = new SlowPuncher();
    using capped = new Capped(scratch, { puncher, overflow: 'CANCEL' });
    await capped.grow(1_000_000);
    expect(capped.limits).toBe(0);
    await capped.grow(500_000);
    await capped.grow(500_000);
    await capped.cap.settle(capped.tailer.extent);
    expect(capped.limits).toBe(1);
    expect(puncher.runs).toBe(0);
    expect(readKeptMark(scratch.directory).seq).toBe(1);
  });

  it('is not kept where the program is missing, which is told', async () => {
    using scratch = new Scratch();
    using capped = new Capped(scratch, { puncher: new Fallocate(null, join(scratch.root, 'probe')) });
    await capped.grow(2_000_000);
    await capped.cap.settle(capped.tailer.extent);
    expect(capped.problems).toEqual([
      'The beginning of a log cannot be given back: the program fallocate (util-linux) is not installed.',
    ]);
    expect(readKeptMark(scratch.directory).seq).toBe(1);
  });
});

describe('the bound of what is not read', () => {
  it('holds back above it, lets go below half of it, and never signals without need', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 * MIB)), (backlogs) => {
        const brake = {
          held: false,
          hold: () => {
            expect(brake.held).toBe(false);
            brake.held = true;
            return true;
          },
          release: () => {
            expect(brake.held).toBe(true);
            brake.held = false;
          },
        };
        const bound = new BacklogBound(brake, 4 * MIB);
        for (const backlogBytes of backlogs) {
          const before: boolean = brake.held;
          bound.check(backlogBytes);
          expect(brake.held).toBe(backlogBytes > MIB || (before && backlogBytes > MIB / 2));
          expect(bound.isHeld).toBe(brake.held);
        }
        bound[Symbol.dispose]();
        bound.check(3 * MIB);
        expect(brake.held).toBe(false);
      }),
    );
  });
});
