import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOG_STREAMS, type LogStream } from '../../src/domain/log-line.ts';
import { FollowInterruptedError } from '../../src/logs/errors.ts';
import {
  follow,
  type FollowEvent,
  type FollowIterator,
  type FollowRequest,
  type FollowSources,
} from '../../src/logs/follow.ts';
import { INDEX_RECORD_BYTES } from '../../src/logs/index-record.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogEventBus, type ChannelGuard } from '../../src/logs/log-event-bus.ts';
import { checkLeaks, scratchDescriptors } from './leak-check.ts';
import { LogWriter } from './log-writer.ts';
import { Scratch, turns, upTo } from './scratch.ts';

const DONE = { done: true, value: undefined };
let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

/** A job whose log a test writes by hand, and who follows it. */
class Job implements Disposable {
  readonly scratch = new Scratch();
  readonly channel: ChannelGuard = bus.open(1);
  readonly writer = new LogWriter(this.scratch, this.channel);
  outcomeIsKnown = false;
  isGone = false;

  get sources(): FollowSources {
    return {
      bus,
      openReader: () => JobLogReader.open(this.scratch.directory),
      outcomeIsKnown: () => Promise.resolve(this.outcomeIsKnown),
      isGone: () => Promise.resolve(this.isGone),
    };
  }

  follow(request: Partial<FollowRequest> = {}, sources: Partial<FollowSources> = {}): FollowIterator {
    return follow(
      { ...this.sources, ...sources },
      { jobId: 1, signal: new AbortController().signal, ...request },
    );
  }

  end(): void {
    this.outcomeIsKnown = true;
    this.channel[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.channel[Symbol.dispose]();
    this.writer[Symbol.dispose]();
    this.scratch[Symbol.dispose]();
  }
}

async function collect(events: AsyncIterable<FollowEvent>): Promise<FollowEvent[]> {
  const all: FollowEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

function seqsOf(events: readonly FollowEvent[]): number[] {
  return events.flatMap((event) =>
    event.type === 'lines' ? event.batches.flatMap((batch) => batch.lines().map((line) => line.seq)) : [],
  );
}

describe('following a job', () => {
  it('delivers each line exactly once and one end, for any interleaving of writing, attaching and closing', async () => {
    const reader = fc.record({
      after: fc.option(fc.nat(40), { nil: undefined }),
      tail: fc.option(fc.nat(10), { nil: undefined }),
      streams: fc.constantFrom<readonly LogStream[] | undefined>(
        undefined,
        ['STDOUT'],
        ['STDERR'],
        LOG_STREAMS,
      ),
      turnsPerEvent: fc.nat(4),
    });
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          write: fc.constantFrom<LogStream>(...LOG_STREAMS),
          lineCount: fc.integer({ min: 1, max: 4 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ reader }) },
      { weight: 2, arbitrary: fc.record({ turns: fc.nat(5) }) },
    );
    const ring = fc.record({
      maxBatches: fc.constantFrom(1, 2, 64),
      maxBytes: fc.constantFrom(1, 20, 262_144),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(reader, { maxLength: 2 }),
        ring,
        async (steps, late, limits) => {
          bus = new LogEventBus(limits);
          using job = new Job();
          const streams: LogStream[] = [];
          const checks: (() => Promise<void>)[] = [];
          const attach = ({ after, tail, streams: chosen, turnsPerEvent }: (typeof late)[number]): void => {
            const byTail = after === undefined && tail !== undefined;
            const events: FollowEvent[] = [];
            let startsAfter = after ?? 0;
            const iterator = job.follow(
              { after, streams: chosen, ...(byTail && { tail }) },
              {
                openReader: async () => {
                  const opened = await JobLogReader.open(job.scratch.directory);
                  // Where a tail begins depends on the moment; what it must be has a test of its own.
                  const seqOfLast = opened.seqOfLast.bind(opened);
                  opened.seqOfLast = async (...args) => (startsAfter = await seqOfLast(...args));
                  return opened;
                },
              },
            );
            const running = (async () => {
              for await (const event of iterator) {
                events.push(event);
                await turns(turnsPerEvent);
              }
            })();
            checks.push(async () => {
              await running;
              const wanted = upTo(streams.length).filter(
                (seq) => seq > startsAfter && (chosen ?? LOG_STREAMS).includes(streams[seq - 1]!),
              );
              expect(seqsOf(events)).toEqual(wanted);
              expect(events.map((event) => event.type).filter((type) => type !== 'lines')).toEqual(['done']);
              expect(events.at(-1)).toMatchObject({ type: 'done', lastSeq: streams.length });
              let passed = startsAfter;
              for (const event of events) {
                if (event.type !== 'lines') continue;
                const seqs = seqsOf([event]);
                // What was passed before this event and is not in it is of other streams.
                expect(seqs.every((seq) => seq > passed && seq <= event.lastSeq)).toBe(true);
                passed = event.lastSeq;
              }
            });
          };
          for (const one of steps) {
            if ('write' in one) {
              job.writer.write(one.write, one.lineCount);
              streams.push(...Array<LogStream>(one.lineCount).fill(one.write));
            } else if ('reader' in one) attach(one.reader);
            else await turns(one.turns);
          }
          job.end();
          for (const one of late) attach(one);
          for (const check of checks) await check();
        },
      ),
      { numRuns: 120 },
    );
  });

  it('shares the batches of the channel between followers at the head', async () => {
    using job = new Job();
    using one = job.follow({ tail: 0 });
    using two = job.follow({ tail: 0 });
    const pending = [one.next(), two.next()];
    await turns(5);
    job.writer.write('STDOUT', 3);
    const batches = (await Promise.all(pending)).map(({ value }) =>
      value?.type === 'lines' ? value.batches[0] : undefined,
    );
    expect(batches[0]).toBeDefined();
    expect(batches[0]).toBe(batches[1]);
  });

  it('is attached when it returns, before its first next()', () => {
    using job = new Job();
    using _follower = job.follow();
    expect(bus.subscriberCount(1)).toBe(1);
  });

  it('begins with the last lines of the chosen streams', async () => {
    using job = new Job();
    for (const stream of ['STDOUT', 'STDERR', 'STDERR', 'STDOUT'] as const) job.writer.write(stream, 2);
    job.end();
    expect(seqsOf(await collect(job.follow({ tail: 3 })))).toEqual([6, 7, 8]);
    expect(seqsOf(await collect(job.follow({ tail: 3, streams: ['STDERR'] })))).toEqual([4, 5, 6]);
    expect(seqsOf(await collect(job.follow({ tail: 0 })))).toEqual([]);
    expect(seqsOf(await collect(job.follow({ tail: 99 })))).toEqual(upTo(8));
  });

  it('waits where its cursor is beyond the end, or ends if the job has', async () => {
    using job = new Job();
    job.writer.write('STDOUT', 2);
    using ahead = job.follow({ after: 4 });
    const pending = ahead.next();
    job.writer.write('STDOUT', 1);
    await turns(5);
    job.writer.write('STDOUT', 3);
    expect(seqsOf([(await pending).value!])).toEqual([5, 6]);
    job.end();
    expect(await collect(job.follow({ after: 100 }))).toEqual([
      { type: 'done', lastSeq: 6, endedWithoutNewline: [] },
    ]);
  });

  it('passes filtered lines: the cursor of its next event is behind them', async () => {
    using job = new Job();
    using follower = job.follow({ streams: ['STDERR'] });
    job.writer.write('STDOUT', 5);
    const pending = follower.next();
    await turns(5);
    job.writer.write('STDOUT', 5);
    job.writer.write('STDERR', 1);
    expect(await pending).toMatchObject({ value: { type: 'lines', lastSeq: 11 } });
    job.writer.write('STDOUT', 4);
    job.end();
    expect(await follower.next()).toMatchObject({ value: { type: 'done', lastSeq: 15 } });
    expect(await follower.next()).toEqual(DONE);
  });

  it('bounds its events', async () => {
    using job = new Job();
    for (let batch = 0; batch < 12; batch++) job.writer.write('STDOUT', 300);
    job.end();
    const events = await collect(job.follow());
    expect(seqsOf(events)).toEqual(upTo(3_600));
    expect(
      events.filter((event) => event.type === 'lines').every((event) => seqsOf([event]).length <= 1_000),
    ).toBe(true);
  });

  it('tells what is damaged as a gap, and goes on behind it', async () => {
    using job = new Job();
    for (let batch = 0; batch < 4; batch++) job.writer.write('STDOUT', 2);
    const bytes = readFileSync(job.scratch.directory.indexPath);
    bytes.fill(0, 2 * INDEX_RECORD_BYTES, 3 * INDEX_RECORD_BYTES);
    writeFileSync(job.scratch.directory.indexPath, bytes);
    job.end();
    const events = await collect(job.follow());
    expect(events.map((event) => event.type)).toEqual(['lines', 'gap', 'lines', 'done']);
    expect(events[0]).toMatchObject({ lastSeq: 2 });
    expect(events[1]).toEqual({ type: 'gap', fromSeq: 3, toSeq: 4, reason: 'DAMAGED' });
    expect(seqsOf(events)).toEqual([1, 2, 5, 6, 7, 8]);
  });

  it('tells published lines that are not in the files as a gap', async () => {
    using job = new Job();
    job.channel.advanceTo(5);
    using follower = job.follow();
    expect(await follower.next()).toMatchObject({
      value: { type: 'gap', fromSeq: 1, toSeq: 5, reason: 'DAMAGED' },
    });
  });

  it.each([{}, { tail: 1 }, { after: 3 }])(
    'holds no descriptor while it waits at the head, having begun with %j',
    async (request) => {
      using job = new Job();
      job.writer.write('STDOUT', 3);
      const withoutReader = scratchDescriptors().length;
      let opened = 0;
      const openReader = (): Promise<JobLogReader> => {
        opened += 1;
        return JobLogReader.open(job.scratch.directory);
      };
      using follower = job.follow(request, { openReader });
      if (!('after' in request)) expect(await follower.next()).toMatchObject({ value: { lastSeq: 3 } });
      const pending = follower.next();
      await vi.waitUntil(() => opened > 0 && scratchDescriptors().length === withoutReader);
      job.writer.write('STDOUT', 1);
      expect(await pending).toMatchObject({ value: { lastSeq: 4 } });
    },
  );

  it('answers every one of several concurrent calls of next()', async () => {
    using job = new Job();
    using follower = job.follow();
    const answers = [follower.next(), follower.next(), follower.next(), follower.next()];
    for (const answer of answers.slice(0, 2)) {
      job.writer.write('STDOUT', 1);
      await answer;
    }
    job.end();
    const types = (await Promise.all(answers)).map((answer) =>
      answer.done === true ? 'end' : answer.value.type,
    );
    expect(types).toEqual(['lines', 'lines', 'done', 'end']);
  });
});

describe('the end of following', () => {
  it('is an error where the channel closes and the outcome is not known', async () => {
    using job = new Job();
    job.writer.write('STDOUT', 2);
    const follower = job.follow();
    expect(await follower.next()).toMatchObject({ value: { lastSeq: 2 } });
    const pending = follower.next();
    job.channel[Symbol.dispose]();
    const error = await pending.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FollowInterruptedError);
    expect(error).toMatchObject({ code: 'INTERNAL', lastSeq: 2 });
    expect(await follower.next()).toEqual(DONE);
  });

  it('is JOB_NOT_FOUND where the job was removed while it was read, and never a damaged log or an end of it', async () => {
    using job = new Job();
    job.writer.write('STDOUT', 3);
    job.end();
    const fromTheBeginning = job.follow();
    const atTheHead = job.follow({ after: 3 });
    rmSync(job.scratch.directory.logPath('STDOUT'));
    job.isGone = true;
    for (const follower of [fromTheBeginning, atTheHead]) {
      await expect(follower.next()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND', jobId: '1' });
      expect(await follower.next()).toEqual(DONE);
    }
  });

  it('is an error where a source fails, and releases everything', async () => {
    for (const failing of ['openReader', 'outcomeIsKnown'] as const) {
      using job = new Job();
      job.end();
      const follower = job.follow({}, { [failing]: () => Promise.reject(new Error(failing)) });
      await expect(follower.next()).rejects.toThrow(failing);
      expect(await follower.next()).toEqual(DONE);
      await vi.waitFor(() =>
        expect(scratchDescriptors().filter((path) => !path.endsWith('/index'))).toEqual([]),
      );
    }
  });

  it('is the same for a job that ended long ago', async () => {
    using job = new Job();
    job.writer.write('STDERR', 2);
    job.end();
    const events = await collect(job.follow());
    expect(events.map((event) => event.type)).toEqual(['lines', 'done']);
    expect(bus.size).toBe(0);
  });
});

describe('leaving', () => {
  it.each(['abort', 'return', 'throw', 'dispose'] as const)(
    'by %s releases at once, while it waits for a line',
    async (how) => {
      using job = new Job();
      const reader = new AbortController();
      const follower = job.follow({ signal: reader.signal, heartbeatMs: 60_000 });
      const pending = [follower.next(), follower.next()];
      await vi.waitFor(() => expect(scratchDescriptors()).toHaveLength(2));
      await turns(5);
      leave(follower, reader, how);
      expect(bus.subscriberCount(1)).toBe(0);
      expect(scratchDescriptors()).toHaveLength(1);
      expect(await Promise.all(pending)).toEqual([DONE, DONE]);
      expect(await follower.next()).toEqual(DONE);
    },
  );

  it.each(['abort', 'return', 'throw', 'dispose'] as const)(
    'by %s releases before the first next()',
    async (how) => {
      using job = new Job();
      const reader = new AbortController();
      const follower = job.follow({ signal: reader.signal });
      leave(follower, reader, how);
      expect(bus.subscriberCount(1)).toBe(0);
      expect(await follower.next()).toEqual(DONE);
    },
  );

  it('may happen any number of times, and never rejects', async () => {
    using job = new Job();
    const follower = job.follow();
    expect(await Promise.all([follower.return(), follower.return(), follower.return()])).toEqual([
      DONE,
      DONE,
      DONE,
    ]);
  });

  it('while the log is being opened or read leaves nothing open, whatever happens to be under way', async () => {
    using job = new Job();
    job.writer.write('STDOUT', 3);
    for (let round = 0; round < 200; round++) {
      const reader = new AbortController();
      const follower = job.follow({ signal: reader.signal });
      const pending = follower.next();
      for (let tick = 0; tick < round % 40; tick++) await Promise.resolve();
      if (round % 3 === 0) await turns(round % 5);
      reader.abort();
      await pending;
    }
    expect(bus.subscribers).toBe(0);
    await vi.waitFor(() =>
      expect(scratchDescriptors().filter((path) => path.endsWith('/stdout'))).toEqual([]),
    );
    await vi.waitFor(() => expect(scratchDescriptors()).toHaveLength(1));
  });

  it('before a reader is open disposes of it when it comes', async () => {
    using job = new Job();
    let open: (reader: JobLogReader) => void = () => undefined;
    const opened = new Promise<JobLogReader>((resolve) => {
      open = resolve;
    });
    const follower = job.follow({}, { openReader: () => opened });
    const pending = follower.next();
    void follower.return();
    expect(await pending).toEqual(DONE);
    const reader = await JobLogReader.open(job.scratch.directory);
    expect(scratchDescriptors()).toHaveLength(2);
    open(reader);
    await vi.waitFor(() => expect(scratchDescriptors()).toHaveLength(1));
  });

  it('leaves no listener on its signal, however it ends', async () => {
    for (const how of ['return', 'throw', 'dispose', 'done'] as const) {
      using job = new Job();
      const { signal } = new AbortController();
      const added = vi.spyOn(signal, 'addEventListener');
      const removed = vi.spyOn(signal, 'removeEventListener');
      const follower = job.follow({ signal });
      if (how === 'done') {
        job.end();
        await collect(follower);
      } else leave(follower, new AbortController(), how);
      const listeners = (calls: typeof added.mock.calls): Set<unknown> =>
        new Set(calls.map((call) => call[1]));
      expect(listeners(removed.mock.calls)).toEqual(listeners(added.mock.calls));
    }
  });

  it('with an aborted signal means never to have been attached', async () => {
    using job = new Job();
    const follower = job.follow({ signal: AbortSignal.abort() });
    expect(bus.subscriberCount(1)).toBe(0);
    expect(await follower.next()).toEqual(DONE);
  });
});

describe('a heartbeat', () => {
  it('comes only where it was asked for, when nothing else does, with the cursor passed so far', async () => {
    using job = new Job();
    using follower = job.follow({ heartbeatMs: 10, streams: ['STDERR'] });
    expect(await follower.next()).toMatchObject({ value: { type: 'heartbeat', lastSeq: 0 } });
    job.writer.write('STDOUT', 3);
    await vi.waitFor(async () => {
      expect(await follower.next()).toMatchObject({ value: { type: 'heartbeat', lastSeq: 3 } });
    });
    job.writer.write('STDERR', 1);
    expect(await follower.next()).toMatchObject({ value: { type: 'lines', lastSeq: 4 } });
  });

  it('does not come before its time', async () => {
    using job = new Job();
    using follower = job.follow({ heartbeatMs: 30 });
    for (let beat = 0; beat < 3; beat++) {
      const beforeMs = performance.now();
      await follower.next();
      expect(performance.now() - beforeMs).toBeGreaterThan(25);
    }
  });
});

function leave(
  follower: FollowIterator,
  reader: AbortController,
  how: 'abort' | 'return' | 'throw' | 'dispose',
): void {
  if (how === 'abort') reader.abort();
  else if (how === 'return') void follower.return();
  else if (how === 'dispose') follower[Symbol.dispose]();
  else follower.throw(new Error('mine')).catch(() => undefined);
}
