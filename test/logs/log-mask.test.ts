import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { isGap } from '../../src/logs/log-item.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogFiles } from '../../src/logs/log-files.ts';
import { LogMask } from '../../src/logs/log-mask.ts';
import { readMasked } from '../../src/logs/read-masked.ts';
import { spellingsOf } from '../../src/logs/secret-spellings.ts';
import { StreamTail } from '../../src/logs/stream-tail.ts';
import { Tailer } from '../../src/logs/tailer.ts';
import { Scratch, turns } from './scratch.ts';

const NEWLINE = 0x0a;
const STAR = 0x2a;

/** The oracle: every place of every spelling, byte by byte. */
function masked(bytes: Buffer, secrets: readonly string[]): Buffer {
  const hit = new Set<number>();
  for (const spelling of secrets.flatMap(spellingsOf))
    for (let at = 0; at + spelling.length <= bytes.length; at++)
      if (spelling.every((byte, index) => bytes[at + index] === byte))
        for (let index = 0; index < spelling.length; index++) hit.add(at + index);
  return Buffer.from(bytes.map((byte, at) => (hit.has(at) && byte !== NEWLINE ? STAR : byte)));
}

/** Few letters, so that secrets overlap, nest, and begin where another ends. */
const secret = fc
  .string({ unit: fc.constantFrom('a', 'b', '\n', 'é'), minLength: 4, maxLength: 9 })
  .filter((text) => text.trim().length > 0);
const secrets = fc.array(secret, { minLength: 1, maxLength: 4 });
const noise = fc.constantFrom('a', 'b', 'aa', '\n', '\r\n', 'é', '\xff', 'x', 'ab');

/** A stream of noise and secrets, whole and in part, and where it is cut. */
const printed = secrets.chain((all) =>
  fc.record({
    all: fc.constant(all),
    pieces: fc.array(
      fc.oneof(
        noise.map((text) => Buffer.from(text, text === '\xff' ? 'latin1' : 'utf8')),
        fc.constantFrom(...all).map((text) => Buffer.from(text)),
        fc.tuple(fc.constantFrom(...all), fc.nat(8)).map(([text, end]) => Buffer.from(text).subarray(0, end)),
      ),
      { maxLength: 40 },
    ),
    cuts: fc.array(fc.nat(200), { maxLength: 12 }),
  }),
);

function maskOf(all: readonly string[]): LogMask {
  const mask = LogMask.of(all);
  if (mask === null) throw new Error('no secrets');
  return mask;
}

describe('the mask of a log', () => {
  it('masks all of every hit and nothing else, keeps length and newlines', () => {
    fc.assert(
      fc.property(printed, ({ all, pieces }) => {
        const bytes = Buffer.concat(pieces);
        const before = Buffer.from(bytes);
        expect(maskOf(all).applied(bytes)).toEqual(masked(bytes, all));
        expect(bytes).toEqual(before);
      }),
    );
  });

  it('gives of every range what that is in the whole', async () => {
    await fc.assert(
      fc.asyncProperty(printed, fc.nat(200), fc.nat(60), async ({ all, pieces }, start, length) => {
        const bytes = Buffer.concat(pieces);
        const read = async (position: number, count: number) =>
          Promise.resolve(Buffer.from(bytes.subarray(position, position + count)));
        const range = await readMasked(read, maskOf(all), start, length);
        expect(range).toEqual(masked(bytes, all).subarray(start, start + length));
      }),
    );
  });

  it('knows what is decided: nothing that follows changes it, and nothing is held back without need', () => {
    fc.assert(
      fc.property(printed, fc.nat(200), ({ all, pieces }, end) => {
        const bytes = Buffer.concat(pieces);
        const seen = bytes.subarray(0, end);
        const decided = maskOf(all).undecidedFrom(seen);
        expect(masked(seen, all).subarray(0, decided)).toEqual(masked(bytes, all).subarray(0, decided));
        const rest = seen.subarray(decided);
        const canFollow = all
          .flatMap(spellingsOf)
          .some(
            (spelling) => rest.length < spelling.length && spelling.subarray(0, rest.length).equals(rest),
          );
        expect(canFollow).toBe(true);
      }),
    );
  });

  it('is none where there are no secrets', () => {
    expect(LogMask.of([])).toBeNull();
  });

  it('finds a secret as JSON, as part of a URL or a form, and in base64 wherever that begins', () => {
    const text = 'pass "word"/é+1\n2';
    const mask = maskOf([text]);
    const spelt = [
      JSON.stringify({ text }),
      `https://x/?q=${encodeURIComponent(text)}&r=1`,
      new URLSearchParams({ q: text }).toString(),
      ...['', 'u', 'us', 'user:'].flatMap((before) =>
        (['base64', 'base64url'] as const).map((encoding) =>
          Buffer.from(`${before}${text}`).toString(encoding),
        ),
      ),
    ];
    for (const one of spelt) expect(mask.applied(Buffer.from(one)).toString(), one).toMatch(/\*{16}/);
  });
});

/** What readers at the head and readers of the files get of a stream that is written in pieces, with idle flushes in between. */
describe('a log with secrets', () => {
  it('is to every reader the mask of the whole, however it was written, cut, flushed and read', () => {
    fc.assert(
      fc.property(printed, fc.array(fc.boolean(), { maxLength: 13 }), ({ all, pieces, cuts }, idle) => {
        using scratch = new Scratch();
        const bytes = Buffer.concat(pieces);
        const mask = maskOf(all);
        const ends = [...new Set([...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
          (a, b) => a - b,
        );
        const parts: Buffer[] = [];
        {
          using tail = new StreamTail(
            'STDOUT',
            scratch.directory.logPath('STDOUT'),
            { offset: 0, lineCount: 0, isUnterminated: false },
            false,
            mask,
          );
          let written = 0;
          const take = (slice: ReturnType<StreamTail['readIdle']>): void => {
            for (const cut of slice?.cuts ?? []) {
              parts.push(Buffer.from(slice!.bytes.subarray(cut.start, cut.end)));
              tail.advance({
                offset: slice!.offset + cut.start,
                byteLength: cut.end - cut.start,
                lineCount: cut.lineCount,
                ending: cut.ending,
              } as Parameters<StreamTail['advance']>[0]);
            }
          };
          ends.forEach((end, index) => {
            scratch.write('STDOUT', bytes.subarray(written, end));
            written = end;
            tail.check();
            take(tail.read(false));
            if (idle[index] === true) take(tail.readIdle());
          });
          tail.check();
          take(tail.read(true));
        }
        expect(Buffer.concat(parts)).toEqual(masked(bytes, all));
      }),
    );
  });

  it('is read from its files as it was published, by page and by batch, also across pieces of long lines', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, fc.nat(12), async (all, before) => {
        using scratch = new Scratch();
        const bus = new LogEventBus();
        using channel = bus.open(1);
        const [first = ''] = all;
        const line = `${'x'.repeat(Math.max(0, 64 * 1024 - before))}${first}`;
        const text = `${'1\n'.repeat(998)}${first}\n${first}\n${line}\n${line}${all.join('')}`;
        const mask = maskOf(all);
        using _subscription = bus.subscribe(1);
        const published: Buffer[] = [];
        using tailer = new Tailer({ directory: scratch.directory, channel, mask, resumed: false });
        scratch.write('STDOUT', text);
        await tailer.drain();
        await turns(1);
        const whole = masked(Buffer.from(text), [...all]);
        const files = new LogFiles({ of: () => mask });
        using reader = await JobLogReader.open(scratch.directory, files);
        for (let after = 0; ;) {
          const items = await reader.readAfter(after, { maxBytes: 1 });
          if (items.length === 0) break;
          for (const item of items) {
            if (isGap(item)) throw new Error('a gap');
            published.push(item.bytes);
            after = item.lastSeq;
          }
        }
        expect(Buffer.concat(published).equals(whole)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});
