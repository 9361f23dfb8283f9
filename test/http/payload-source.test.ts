import { describe, expect, it } from 'vitest';
import { PayloadSource } from '../../src/graphql/payload-source.ts';

const END = { done: true, value: undefined };

/** A source whose payloads the test hands out. */
function source() {
  const reader = new AbortController();
  const pulls: { give: (value: number) => void; end: () => void; fail: (error: Error) => void }[] = [];
  let released = 0;
  const iterator = new PayloadSource<number>({
    signal: reader.signal,
    release: () => {
      released += 1;
    },
    pull: () =>
      new Promise((resolve, reject) => {
        pulls.push({
          give: (value) => {
            resolve({ done: false, value });
          },
          end: () => {
            resolve({ done: true, value: undefined });
          },
          fail: reject,
        });
      }),
  });
  return { iterator, reader, pulls, released: () => released };
}

describe('a payload source', () => {
  it('gives what it pulls, then its end, and releases once', async () => {
    const { iterator, pulls, released } = source();
    const first = iterator.next();
    pulls[0]?.give(1);
    await expect(first).resolves.toEqual({ done: false, value: 1 });
    const second = iterator.next();
    pulls[1]?.end();
    await expect(second).resolves.toEqual(END);
    await expect(iterator.next()).resolves.toEqual(END);
    expect([released(), pulls.length]).toEqual([1, 2]);
  });

  it.each(['abort', 'return', 'throw'] as const)(
    'is released at once by %s while next() waits',
    async (how) => {
      const { iterator, reader, released } = source();
      const waiting = [iterator.next(), iterator.next()];
      if (how === 'abort') reader.abort();
      else void iterator[how]();
      expect(released()).toBe(1);
      await expect(Promise.all(waiting)).resolves.toEqual([END, END]);
    },
  );

  it('is released by return() before the first next(), which then pulls nothing', async () => {
    const { iterator, pulls, released } = source();
    await expect(iterator.return()).resolves.toEqual(END);
    await expect(iterator.next()).resolves.toEqual(END);
    expect([released(), pulls.length]).toEqual([1, 0]);
  });

  it('takes return() three times, before and after abort, and releases once', async () => {
    const { iterator, reader, released } = source();
    await iterator.return();
    reader.abort();
    await iterator.return();
    await iterator.return();
    expect(released()).toBe(1);
  });

  it('is released at once where the signal has aborted before', () => {
    const signal = AbortSignal.abort();
    let released = 0;
    new PayloadSource({
      signal,
      release: () => (released += 1),
      pull: () => Promise.reject(new Error('never')),
    });
    expect(released).toBe(1);
  });

  it('gives an error to who waits for it, then its end', async () => {
    const { iterator, pulls, released } = source();
    const first = iterator.next();
    pulls[0]?.fail(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    expect(released()).toBe(1);
    await expect(iterator.next()).resolves.toEqual(END);
  });

  it('ignores what comes after it was released, an error too', async () => {
    const { iterator, pulls, reader } = source();
    const waiting = [iterator.next(), iterator.next()];
    reader.abort();
    pulls[0]?.give(1);
    pulls[1]?.fail(new Error('too late'));
    await expect(Promise.all(waiting)).resolves.toEqual([END, END]);
  });
});
