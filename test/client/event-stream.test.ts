import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents, type ServerSentEvent } from '../../src/client/event-stream.ts';

async function* cut(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const to of [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield await Promise.resolve(bytes.subarray(from, to));
    from = to;
  }
}

async function eventsIn(text: string, cuts: readonly number[] = []): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(cut(Buffer.from(text), cuts))) events.push(event);
  return events;
}

const oneLine = fc
  .string({ unit: fc.constantFrom('a', ':', ' ', 'ä', '💙', '\0', '{', '"') })
  .filter((text) => !text.startsWith(' '));
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const event = fc.record({
  event: fc.constantFrom('next', 'complete', 'log.line'),
  data: fc.array(oneLine, { minLength: 1, maxLength: 3 }),
  noise: fc.array(fc.constantFrom(':', ': ping', 'id: 7', 'retry: 10', 'unknown', 'data-like: x')),
});

describe('reading server-sent events', () => {
  it('gives each event as it was written, wherever the bytes are cut and however lines end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event), lineEnd, fc.array(fc.nat()), async (written, end, cuts) => {
        const text = written
          .map(({ event: name, data, noise }) =>
            [...noise, `event: ${name}`, ...data.map((line) => `data: ${line}`), '', ''].join(end),
          )
          .join('');
        expect(await eventsIn(text, cuts)).toEqual(
          written.map(({ event: name, data }) => ({ event: name, data: data.join('\n') })),
        );
      }),
    );
  });

  it.each([
    ['an event that the end cuts off', 'data: one\n\nevent: next\ndata: two', ['one']],
    ['an event without data', 'event: next\n\ndata: one\n\n', ['one']],
    ['only the first blank behind the colon', 'data:  one\n\ndata:two\n\ndata\n\n', [' one', 'two', '']],
    ['a byte order mark', '\ufeffdata: one\n\n', ['one']],
  ])('knows the rules of the standard: %s', async (_, text, data) => {
    expect((await eventsIn(text)).map((read) => read.data)).toEqual(data);
  });

  it('reads a large event in small chunks in a time that grows with its size alone', async () => {
    const data = 'x'.repeat(2_000_000);
    const cuts = Array.from({ length: 20_000 }, (_, index) => index * 100);
    expect((await eventsIn(`data: ${data}\n\n`, cuts))[0]?.data.length).toBe(data.length);
  });
});
