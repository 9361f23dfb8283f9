import { describe, expect, it } from 'vitest';
import { JobChangeBus } from '../../src/supervisor/job-change-bus.ts';

const DONE = { done: true, value: undefined };

describe('a subscription to a job’s changes', () => {
  it('says at once that there is something to look at, then after each change', async () => {
    const bus = new JobChangeBus();
    using subscription = bus.subscribe(1);
    expect(await subscription.next()).toEqual({ done: false, value: 'ANY' });
    const pending = subscription.next();
    bus.notify(2);
    bus.notify(1);
    bus.notify(1);
    expect(await pending).toEqual({ done: false, value: new Set([1]) });
  });

  it('conflates what happens while nobody looks', async () => {
    const bus = new JobChangeBus();
    using subscription = bus.subscribe(1);
    await subscription.next();
    for (let round = 0; round < 5; round += 1) bus.notify(1);
    expect(await subscription.next()).toEqual({ done: false, value: new Set([1]) });
    const pending = subscription.next();
    subscription[Symbol.dispose]();
    expect(await pending).toEqual(DONE);
  });

  it('to all jobs names each that changed once, and says to look at everything where they are too many', async () => {
    const bus = new JobChangeBus();
    using subscription = bus.subscribeToAll();
    expect(await subscription.next()).toEqual({ done: false, value: 'ANY' });
    for (const jobId of [1, 2, 1, 3]) bus.notify(jobId);
    expect(await subscription.next()).toEqual({ done: false, value: new Set([1, 2, 3]) });
    for (let jobId = 1; jobId <= 100_000; jobId += 1) bus.notify(jobId);
    expect(await subscription.next()).toEqual({ done: false, value: 'ANY' });
  });

  it.each<
    [string, (subscription: ReturnType<JobChangeBus['subscribe']>, reader: AbortController) => unknown]
  >([
    ['abort', (_subscription, reader) => reader.abort()],
    ['return()', (subscription) => subscription.return()],
    ['disposal', (subscription) => subscription[Symbol.dispose]()],
  ])('is released by %s at once, also while next() waits', async (_how, release) => {
    const bus = new JobChangeBus();
    const reader = new AbortController();
    const subscription = bus.subscribe(1, { signal: reader.signal });
    await subscription.next();
    const pending = [subscription.next(), subscription.next()];
    void release(subscription, reader);
    expect(bus.subscribers).toBe(0);
    for (const next of pending) expect(await next).toEqual(DONE);
    expect(await subscription.return()).toEqual(DONE);
    expect(await subscription.next()).toEqual(DONE);
  });

  it('is never attached where its reader has gone already', async () => {
    const bus = new JobChangeBus();
    const subscription = bus.subscribe(1, { signal: AbortSignal.abort() });
    expect(bus.subscribers).toBe(0);
    expect(await subscription.next()).toEqual(DONE);
  });
});
