import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogEventBus } from '../../../src/logs/log-event-bus.ts';
import { SilenceWatch } from '../../../src/supervisor/services/silence-watch.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { checkLeaks } from '../../logs/leak-check.ts';
import { FakeClock } from './fake-clock.ts';
import { ProbeJob } from './probe-job.ts';

const LIMIT_MS = 60_000;

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

/** A job on a clock that a test moves, and what is told of its silence. */
class Silence implements Disposable {
  readonly clock = new FakeClock();
  readonly job = new ProbeJob(bus);
  readonly told: (readonly [boolean, number])[] = [];
  watch: SilenceWatch | undefined;

  /** @param startedMsAgo how long ago the program started; @param lineMsAgo when its last line came */
  async begin(startedMsAgo = 0, lineMsAgo?: number): Promise<void> {
    if (lineMsAgo !== undefined) this.job.writer.write('STDOUT', 1, this.clock.nowMs() - lineMsAgo);
    const job = this.job.probed({ clock: this.clock, startedMonotonicMs: -startedMsAgo });
    const begunMs = this.clock.nowMs();
    this.watch = new SilenceWatch(job, LIMIT_MS, (isSilent, sinceMs) => {
      this.told.push([isSilent, sinceMs - begunMs]);
    });
    await untilTrue(() => this.clock.pending === 1);
  }

  /** One line, now. */
  line(): void {
    this.job.writer.write('STDERR', 1, this.clock.nowMs());
  }

  [Symbol.dispose](): void {
    this.watch?.[Symbol.dispose]();
    this.job[Symbol.dispose]();
  }
}

describe('a silence alarm', () => {
  it('is raised so long after the start of a program that writes nothing', async () => {
    using silence = new Silence();
    await silence.begin();
    silence.clock.advance(LIMIT_MS - 1);
    expect(silence.told).toEqual([]);
    silence.clock.advance(1);
    expect(silence.told).toEqual([[true, 0]]);
    silence.clock.advance(10 * LIMIT_MS);
    expect(silence.told).toHaveLength(1);
  });

  it('is raised so long after the last line, whenever that was, and taken back at the next line', async () => {
    using silence = new Silence();
    await silence.begin();
    for (let second = 0; second < 100; second++) {
      silence.clock.advance(1_000);
      silence.line();
    }
    silence.clock.advance(LIMIT_MS - 1);
    expect(silence.told).toEqual([]);
    silence.clock.advance(1);
    expect(silence.told).toEqual([[true, 100_000]]);
    silence.clock.advance(5_000);
    silence.line();
    await nextTurn();
    expect(silence.told).toEqual([
      [true, 100_000],
      [false, 100_000],
    ]);
    silence.clock.advance(LIMIT_MS);
    expect(silence.told.at(-1)).toEqual([true, 165_000]);
  });

  it('counts from the last line of an adopted job, not from the adoption', async () => {
    using silence = new Silence();
    await silence.begin(1_000_000, 50_000);
    silence.clock.advance(9_999);
    expect(silence.told).toEqual([]);
    silence.clock.advance(1);
    expect(silence.told).toEqual([[true, -50_000]]);
  });

  it('is raised at once where an adopted job has been silent for longer', async () => {
    using silence = new Silence();
    await silence.begin(1_000_000, 500_000);
    silence.clock.advance(0);
    expect(silence.told).toEqual([[true, -500_000]]);
  });

  it('is not moved by a wall clock that says the last line is to come', async () => {
    using silence = new Silence();
    await silence.begin(1_000, -1_000_000);
    expect(silence.clock.nextMs).toBe(LIMIT_MS);
  });

  it('is not moved by a wall clock that says the last line was before the program', async () => {
    using silence = new Silence();
    await silence.begin(1_000, 1_000_000);
    expect(silence.clock.nextMs).toBe(LIMIT_MS - 1_000);
  });

  it('costs lines nothing while it counts, and leaves nothing and calls nobody when it is disposed of', async () => {
    using silence = new Silence();
    await silence.begin();
    for (let line = 0; line < 1_000; line++) silence.line();
    expect(silence.clock.pending).toBe(1);
    silence.watch?.[Symbol.dispose]();
    expect([silence.clock.pending, bus.subscribers]).toEqual([0, 0]);
  });

  it('calls nobody when it is disposed of in the turn of the line that ends the silence', async () => {
    using silence = new Silence();
    await silence.begin();
    silence.clock.advance(LIMIT_MS);
    silence.line();
    silence.watch?.[Symbol.dispose]();
    await nextTurn();
    expect(silence.told).toEqual([[true, 0]]);
  });

  it('says nothing of a job that has ended', async () => {
    using silence = new Silence();
    await silence.begin();
    silence.job.channel[Symbol.dispose]();
    silence.clock.advance(LIMIT_MS);
    expect(silence.told).toEqual([]);
  });
});
