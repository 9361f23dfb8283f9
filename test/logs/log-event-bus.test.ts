import { beforeEach, describe, expect, it } from 'vitest';
import { ChannelAlreadyOpenError } from '../../src/logs/errors.ts';
import { LogBatch } from '../../src/logs/log-batch.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { checkLeaks } from './leak-check.ts';
import { textBytes, upTo } from './scratch.ts';

const jobId = 7;
const DONE = { done: true, value: undefined };

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

function batch(firstSeq: number, lineCount = 1): LogBatch {
  const bytes = textBytes(upTo(firstSeq + lineCount - 1, firstSeq).map(String));
  return new LogBatch({
    firstSeq,
    lineCount,
    stream: 'STDOUT',
    offset: 0,
    atMs: 0,
    atApproximate: false,
    ending: 'NEWLINE',
    bytes,
  });
}

describe('a channel', () => {
  it('is open exactly while its guard is held', () => {
    const guard = bus.open(jobId);
    expect(bus.isOpen(jobId)).toBe(true);
    guard[Symbol.dispose]();
    expect(bus.isOpen(jobId)).toBe(false);
    expect(bus.size).toBe(0);
  });

  it('is released when the scope that holds it throws', () => {
    expect(() => {
      using _channel = bus.open(jobId);
      throw new Error('executor');
    }).toThrow('executor');
    expect(bus.size).toBe(0);
  });

  it('gives every reader its end when its guard is disposed', async () => {
    const guard = bus.open(jobId);
    const readers = [bus.subscribe(jobId), bus.subscribe(jobId)];
    const ends = readers.map((reader) => reader.next());
    expect(bus.subscriberCount(jobId)).toBe(2);
    guard[Symbol.dispose]();
    expect(bus.subscribers).toBe(0);
    expect(await Promise.all(ends)).toEqual([DONE, DONE]);
  });

  it('cannot be opened twice', () => {
    using _channel = bus.open(jobId);
    expect(() => bus.open(jobId)).toThrow(ChannelAlreadyOpenError);
  });

  it('is not closed by a late guard of its predecessor', async () => {
    const late = bus.open(jobId);
    late[Symbol.dispose]();
    using successor = bus.open(jobId);
    using reader = bus.subscribe(jobId);
    late[Symbol.dispose]();
    late.publish(batch(1));
    late.advanceTo(9);
    expect(bus.isOpen(jobId)).toBe(true);
    expect(bus.subscriberCount(jobId)).toBe(1);
    successor.publish(batch(1));
    expect(await reader.next()).toMatchObject({ value: { lastSeq: 1 } });
  });

  it('keeps its ring within its limits', async () => {
    bus = new LogEventBus({ maxBatches: 3, maxBytes: 8 });
    using channel = bus.open(jobId);
    using reader = bus.subscribe(jobId);
    for (const seq of upTo(5)) channel.publish(batch(seq));
    expect((await reader.next()).value?.batches.map((one) => one.firstSeq)).toEqual([3, 4, 5]);
    for (const seq of upTo(14, 6)) channel.publish(batch(seq));
    // Two digits and a newline each: no three fit in 8 bytes.
    expect((await reader.next()).value?.batches.map((one) => one.firstSeq)).toEqual([13, 14]);
  });
});

describe('a subscription', () => {
  it('gets what is published from the moment it is made, not from its first next()', async () => {
    using channel = bus.open(jobId);
    using reader = bus.subscribe(jobId);
    channel.publish(batch(1, 3));
    const news = await reader.next();
    expect(news.value?.batches.flatMap((one) => one.lines()).map((line) => line.seq)).toEqual([1, 2, 3]);
  });

  it('shares the batch objects with other readers', async () => {
    using channel = bus.open(jobId);
    using one = bus.subscribe(jobId);
    using two = bus.subscribe(jobId);
    channel.publish(batch(1));
    expect((await one.next()).value?.batches[0]).toBe((await two.next()).value?.batches[0]);
  });

  it('gets all that is new in one piece, however often it was rung', async () => {
    using channel = bus.open(jobId, { lastSeq: 10 });
    using reader = bus.subscribe(jobId);
    for (const seq of [11, 12, 13]) channel.publish(batch(seq));
    expect(await reader.next()).toMatchObject({ value: { lastSeq: 13, batches: { length: 3 } } });
  });

  it('begins behind its cursor, within a batch too', async () => {
    using channel = bus.open(jobId);
    channel.publish(batch(1, 5));
    using reader = bus.subscribe(jobId, { after: 2 });
    const news = await reader.next();
    expect(news.value?.batches.flatMap((one) => one.lines()).map((line) => line.text)).toEqual([
      '3',
      '4',
      '5',
    ]);
  });

  it('ends at once where no channel is open', async () => {
    const reader = bus.subscribe(jobId);
    expect(bus.subscribers).toBe(0);
    expect(await reader.next()).toEqual(DONE);
  });

  it('is never attached with an aborted signal', async () => {
    using _channel = bus.open(jobId);
    const reader = bus.subscribe(jobId, { signal: AbortSignal.abort() });
    expect(bus.subscriberCount(jobId)).toBe(0);
    expect(await reader.next()).toEqual(DONE);
  });

  it('is released at once when its reader leaves while it waits for a line', async () => {
    using _channel = bus.open(jobId);
    const reader = new AbortController();
    const subscription = bus.subscribe(jobId, { signal: reader.signal });
    const pending = subscription.next();
    reader.abort();
    expect(bus.subscriberCount(jobId)).toBe(0);
    expect(await pending).toEqual(DONE);
  });

  it('is released by return() before the first next(), any number of times', async () => {
    using _channel = bus.open(jobId);
    const reader = bus.subscribe(jobId);
    const returned = [reader.return(), reader.return(), reader.return()];
    expect(bus.subscriberCount(jobId)).toBe(0);
    expect(await Promise.all(returned)).toEqual([DONE, DONE, DONE]);
    expect(await reader.next()).toEqual(DONE);
  });

  it('is released by return(), throw() and dispose while next() waits', async () => {
    using _channel = bus.open(jobId);
    for (const leave of ['return', 'throw', 'dispose'] as const) {
      const reader = bus.subscribe(jobId);
      const pending = reader.next();
      let left: Promise<unknown> = Promise.resolve();
      if (leave === 'dispose') reader[Symbol.dispose]();
      else
        left =
          leave === 'return'
            ? reader.return()
            : expect(reader.throw(new Error('mine'))).rejects.toThrow('mine');
      expect(bus.subscriberCount(jobId), leave).toBe(0);
      await left;
      expect(await pending).toEqual(DONE);
    }
  });

  it('is released when a for await loop is left', async () => {
    using channel = bus.open(jobId);
    channel.publish(batch(1));
    for await (const news of bus.subscribe(jobId, { after: 0 })) {
      expect(news.lastSeq).toBe(1);
      break;
    }
    expect(bus.subscriberCount(jobId)).toBe(0);
  });

  it('gives what is left after the channel has closed, then its end', async () => {
    const channel = bus.open(jobId);
    const reader = bus.subscribe(jobId);
    channel.publish(batch(1, 2));
    channel[Symbol.dispose]();
    expect(await reader.next()).toMatchObject({ done: false, value: { lastSeq: 2 } });
    expect(await reader.next()).toEqual(DONE);
    expect(await reader.next()).toEqual(DONE);
  });

  it('answers every one of several concurrent calls of next()', async () => {
    const channel = bus.open(jobId);
    const reader = bus.subscribe(jobId);
    const answers = [reader.next(), reader.next(), reader.next(), reader.next()];
    channel.publish(batch(1));
    channel.publish(batch(2));
    channel[Symbol.dispose]();
    const lastSeqs = (await Promise.all(answers)).map((answer) => answer.value?.lastSeq);
    expect(lastSeqs).toEqual([1, 2, undefined, undefined]);
  });

  it('is not harmed by another one whose reader throws when it is woken', async () => {
    using channel = bus.open(jobId);
    using bad = bus.subscribe(jobId);
    using good = bus.subscribe(jobId);
    const thrown = bad.next().then(() => {
      throw new Error('reader');
    });
    const pending = good.next();
    channel.publish(batch(1));
    await expect(thrown).rejects.toThrow('reader');
    expect(await pending).toMatchObject({ value: { lastSeq: 1 } });
  });

  it('leaves no listener on its signal, however it ends', () => {
    const counted = countingSignal();
    for (const end of ['return', 'dispose', 'close'] as const) {
      const channel = bus.open(jobId);
      const reader = bus.subscribe(jobId, { signal: counted.signal });
      expect(counted.listeners()).toBe(1);
      if (end === 'return') void reader.return();
      if (end === 'dispose') reader[Symbol.dispose]();
      channel[Symbol.dispose]();
      expect(counted.listeners(), end).toBe(0);
    }
  });

  it('comes and goes ten thousand times without a trace', () => {
    using _channel = bus.open(jobId);
    const counted = countingSignal();
    for (let round = 0; round < 10_000; round++)
      void bus.subscribe(jobId, { signal: counted.signal }).return();
    expect(bus.subscribers).toBe(0);
    expect(counted.listeners()).toBe(0);
  });
});

/** A signal that counts its listeners by itself. */
function countingSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController();
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--;
    remove(...args);
  };
  return { signal, listeners: () => count };
}
