import { describe, expect, it } from 'vitest';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { LoopShare, MAX_REST_MS } from '../../src/logs/loop-share.ts';
import { Tailer } from '../../src/logs/tailer.ts';
import { checkLeaks } from './leak-check.ts';
import { Scratch, textBytes, turns, upTo } from './scratch.ts';

const bus = new LogEventBus();
checkLeaks(() => bus);

/** Work without a pause. */
function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A job with its log and its tailer. */
class Job implements Disposable {
  readonly scratch: Scratch;
  readonly tailer: Tailer;
  readonly #channel;

  constructor(jobId: number, share: LoopShare) {
    this.scratch = new Scratch(jobId);
    this.#channel = bus.open(jobId);
    this.tailer = new Tailer({
      directory: this.scratch.directory,
      channel: this.#channel,
      resumed: false,
      share,
    });
  }

  get lastSeq(): number {
    return this.#channel.lastSeq;
  }

  /** What is written is looked at in the next turns of the loop. */
  write(lines: number): void {
    this.scratch.write('STDOUT', textBytes(upTo(lines).map((line) => String(line).padStart(99, '0'))));
    this.tailer.poke();
  }

  [Symbol.dispose](): void {
    this.tailer[Symbol.dispose]();
    this.#channel[Symbol.dispose]();
    this.scratch[Symbol.dispose]();
  }
}

describe('the share of the event loop', () => {
  it('lets work go in the order in which it came, and a little of it in each turn', async () => {
    const share = new LoopShare();
    const done: number[] = [];
    for (const number of upTo(40)) {
      share.enqueue(() => {
        hold(6);
        done.push(number);
      });
    }
    let most = 0;
    for (let before = 0; before < 40; before = done.length) {
      await turns(1);
      most = Math.max(most, done.length - before);
    }
    expect(done).toEqual(upTo(40));
    expect(most).toBeLessThanOrEqual(2);
  });

  it('lets ever more short work go at once', async () => {
    const share = new LoopShare();
    let done = 0;
    for (let work = 0; work < 10_000; work++) share.enqueue(() => done++);
    let took = 0;
    for (; done < 10_000; took++) await turns(1);
    expect(took).toBeLessThan(1_000);
  });
});

describe('tailers that share the event loop', () => {
  it('read floods in turns, and a line of another job between them', async () => {
    const share = new LoopShare();
    using flood = new Job(1, share);
    using other = new Job(2, share);
    using quiet = new Job(3, share);
    await turns(5);
    flood.write(100_000);
    other.write(100_000);
    while (flood.lastSeq === 0 || other.lastSeq === 0) await turns(1);
    expect(flood.lastSeq).toBeLessThan(50_000);
    expect(other.lastSeq).toBeLessThan(50_000);
    quiet.write(1);
    while (quiet.lastSeq === 0) await turns(1);
    expect(flood.lastSeq).toBeLessThan(100_000);
    expect(other.lastSeq).toBeLessThan(100_000);
    while (flood.lastSeq < 100_000 || other.lastSeq < 100_000) await turns(1);
  });

  it('read a line after a pause at once, and together what follows in small pieces', async () => {
    using job = new Job(1, new LoopShare());
    await turns(5);
    job.write(1);
    await turns(3);
    expect(job.lastSeq).toBe(1);
    for (let line = 0; line < 200; line++) {
      job.write(1);
      await turns(1);
    }
    await job.tailer.drain();
    const { batches, lines } = await job.scratch.read();
    expect(lines).toHaveLength(201);
    expect(batches.length).toBeLessThan(100);
    expect(MAX_REST_MS).toBeLessThan(50);
  });

  it('read what is left at once when the job has ended', async () => {
    using job = new Job(1, new LoopShare());
    await turns(5);
    job.write(1);
    await turns(3);
    job.write(1);
    const drained = job.tailer.drain();
    await turns(4);
    expect(job.lastSeq).toBe(2);
    expect(await drained).toMatchObject({ lastSeq: 2 });
  });
});
