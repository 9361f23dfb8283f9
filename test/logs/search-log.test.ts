import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/domain/errors.ts';
import { LOG_STREAMS, type LogLine, type LogStream } from '../../src/domain/log-line.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { LogFiles } from '../../src/logs/log-files.ts';
import { LogMask } from '../../src/logs/log-mask.ts';
import type {
  LineHit,
  LineSearch,
  SearchedPart,
  SoughtPattern,
  TextRange,
} from '../../src/logs/search/line-search.ts';
import { searchLog } from '../../src/logs/search/search-log.ts';
import { Tailer } from '../../src/logs/tailer.ts';
import { checkLeaks } from './leak-check.ts';
import { LogWriter } from './log-writer.ts';
import { Scratch } from './scratch.ts';

checkLeaks();

const HOUR_MS = 3_600_000;
/** Few letters and ends of lines of all kinds, so that much is found and much nearly. */
const anyPiece = fc.constantFrom(
  'a',
  'A',
  'b',
  'ab',
  '\n',
  '\r\n',
  '\r',
  'é',
  'É',
  '\u212a',
  'k',
  '😀',
  '\xff',
  '\xc3',
);
const anyChunk = fc.tuple(
  fc.constantFrom<LogStream>(...LOG_STREAMS),
  fc
    .array(anyPiece, { minLength: 1, maxLength: 30 })
    .map((pieces) =>
      Buffer.concat(
        pieces.map((text) =>
          Buffer.from(
            text,
            text >= '\x80' && text <= '\xff' && text !== 'é' && text !== 'É' ? 'latin1' : 'utf8',
          ),
        ),
      ),
    ),
);
const anyText = fc
  .array(fc.constantFrom('a', 'A', 'b', 'é', 'É', 'k', '\r', '\ufffd', '😀'), { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.join(''));
/** Of what both engines read alike. */
const anyRegex = fc
  .array(
    fc.constantFrom('a', 'b+', 'A?', '^', '$', '[ab]', '.', 'é', '\\b', '(a|ab)', '[^a]', '(a+)+', '\\s'),
    { minLength: 1, maxLength: 4 },
  )
  .map((pieces) => pieces.join(''));
const anyPattern: fc.Arbitrary<SoughtPattern> = fc.oneof(
  fc.record({ kind: fc.constant('TEXT' as const), text: anyText, ignoresCase: fc.boolean() }),
  fc.record({ kind: fc.constant('REGEX' as const), text: anyRegex, ignoresCase: fc.constant(false) }),
);
const anySearch = fc.record({
  pattern: anyPattern,
  after: fc.option(fc.nat(40), { nil: undefined }),
  before: fc.option(fc.nat(60), { nil: undefined }),
  streams: fc.constantFrom<readonly LogStream[] | undefined>(
    undefined,
    ['STDOUT'],
    ['STDERR'],
    LOG_STREAMS,
    [],
  ),
  direction: fc.constantFrom('FORWARD' as const, 'BACKWARD' as const),
  maxHits: fc.integer({ min: 1, max: 5 }),
});

/** Each chunk is read and numbered before the next is written. */
async function writeChunks(
  scratch: Scratch,
  chunks: readonly (readonly [LogStream, Buffer])[],
): Promise<void> {
  using channel = new LogEventBus().open(1);
  for (const [index, [stream, bytes]] of chunks.entries()) {
    scratch.write(stream, bytes);
    using tailer = new Tailer({ directory: scratch.directory, channel, resumed: index > 0 });
    await tailer.drain();
  }
}

/** The oracle: by the engine of the language, line by line. */
function isIn(text: string, { kind, text: sought, ignoresCase }: SoughtPattern): boolean {
  if (kind === 'REGEX') return new RegExp(sought, 'su').test(text);
  if (ignoresCase !== true) return text.includes(sought);
  // Text of ASCII letters alone has no other case than theirs.
  const isAscii = /^[a-zA-Z]*$/.test(sought);
  const escaped = sought.replaceAll('\r', '\\r');
  return isAscii ? lowered(text).includes(lowered(sought)) : new RegExp(escaped, 'iu').test(text);
}

function rangesIn(text: string, { kind, text: sought, ignoresCase }: SoughtPattern): TextRange[] {
  const escaped = kind === 'TEXT' ? sought.replaceAll('\r', '\\r') : sought;
  // Without the letters whose small form is an ASCII one.
  const where = ignoresCase === true && /^[a-zA-Z]*$/.test(sought) ? text.replaceAll('\u212a', '?') : text;
  return [...where.matchAll(new RegExp(escaped, ignoresCase === true ? 'gisu' : 'gsu'))]
    .map(({ 0: found, index }) => ({ start: index, end: index + found.length }))
    .filter(({ start, end }) => end > start);
}

function lowered(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Asks on until everything was looked at; what was looked at is all of it, once. */
async function searchAll(
  scratch: Scratch,
  search: LineSearch,
  maxMs: number,
  files = new LogFiles(),
): Promise<{ hits: LineHit[]; hitCount: number; calls: number }> {
  const hits: LineHit[] = [];
  let hitCount = 0;
  let bounds: Pick<LineSearch, 'after' | 'before'> = { after: search.after, before: search.before };
  for (let calls = 1; ; calls++) {
    const part: SearchedPart = await searchLog(scratch.directory, files, { ...search, ...bounds }, { maxMs });
    hitCount += part.hitCount;
    for (const { seq } of part.hits) {
      expect(seq).toBeGreaterThanOrEqual(part.scannedFromSeq);
      expect(seq).toBeLessThanOrEqual(part.scannedToSeq);
    }
    if (search.direction === 'FORWARD') {
      expect(part.scannedFromSeq).toBe((bounds.after ?? 0) + 1);
      hits.push(...part.hits);
      bounds = { ...bounds, after: part.scannedToSeq };
    } else {
      hits.unshift(...part.hits);
      bounds = { ...bounds, before: part.scannedFromSeq };
    }
    if (part.isComplete) return { hits, hitCount, calls };
    expect(part.scannedToSeq, 'it gets on').toBeGreaterThanOrEqual(part.scannedFromSeq);
  }
}

function wantedOf(
  lines: readonly LogLine[],
  { pattern, after = 0, before = Infinity, streams }: LineSearch,
): number[] {
  return lines
    .filter(({ seq, stream, text }) => {
      const isAsked = seq > after && seq < before && (streams ?? LOG_STREAMS).includes(stream);
      return isAsked && isIn(text, pattern);
    })
    .map(({ seq }) => seq);
}

describe('searching a log', () => {
  it('finds the lines that a look at each line finds: both kinds, both directions, any streams, part by part', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChunk, { minLength: 1, maxLength: 6 }),
        fc.array(anySearch, { minLength: 1, maxLength: 12 }),
        async (chunks, searches) => {
          using scratch = new Scratch();
          await writeChunks(scratch, chunks);
          const { lines } = await scratch.read();
          for (const search of searches) {
            const wanted = wantedOf(lines, search);
            const { hits } = await searchAll(scratch, search, 0);
            expect(
              hits.map(({ seq }) => seq),
              JSON.stringify(search),
            ).toEqual(wanted);
            const counted = await searchAll(scratch, { ...search, maxHits: 0 }, HOUR_MS);
            expect(counted).toMatchObject({ hits: [], hitCount: wanted.length, calls: 1 });
            for (const { seq, ranges } of hits) {
              const { text } = lines[seq - 1]!;
              expect(ranges).toEqual(rangesIn(text, search.pattern));
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('gives where in the line, in the units of a string, up to fifty times', async () => {
    using scratch = new Scratch();
    await writeChunks(scratch, [['STDOUT', Buffer.from(`😀 Error error\n${'x'.repeat(300)}\n`)]]);
    const find = (text: string, kind: SoughtPattern['kind'] = 'TEXT'): Promise<SearchedPart> =>
      searchLog(
        scratch.directory,
        new LogFiles(),
        { pattern: { text, kind }, direction: 'FORWARD', maxHits: 10 },
        { maxMs: HOUR_MS },
      );
    expect((await find('error')).hits).toMatchObject([
      {
        seq: 1,
        ranges: [
          { start: 3, end: 8 },
          { start: 9, end: 14 },
        ],
      },
    ]);
    // Smart: a capital letter that is meant literally makes the case matter.
    expect((await find('Error')).hits[0]?.ranges).toHaveLength(1);
    expect((await find('\\Serror', 'REGEX')).hits).toEqual([]);
    expect((await find('e\\Sror', 'REGEX')).hits[0]?.ranges).toHaveLength(2);
    expect((await find('x')).hits[0]?.ranges).toHaveLength(50);
    expect((await find('q*', 'REGEX')).hits.map(({ ranges }) => ranges.length)).toEqual([0, 0]);
  });

  it('takes the pieces of a long line one by one', async () => {
    using scratch = new Scratch();
    const line = `${'.'.repeat(64 * 1024 - 3)}needle${'.'.repeat(64 * 1024)}needle\n`;
    await writeChunks(scratch, [['STDOUT', Buffer.from(line)]]);
    const { lines } = await scratch.read();
    expect(lines).toHaveLength(3);
    const search = { pattern: { text: 'needle', kind: 'TEXT' }, direction: 'FORWARD', maxHits: 5 } as const;
    const wanted = lines.filter(({ text }) => text.includes('needle')).map(({ seq }) => seq);
    expect((await searchAll(scratch, search, HOUR_MS)).hits.map(({ seq }) => seq)).toEqual(wanted);
  });

  it('does not find a secret, only what is shown in its place', async () => {
    using scratch = new Scratch();
    await writeChunks(scratch, [['STDOUT', Buffer.from('the secret-canary is out\nnothing here\n')]]);
    const mask = LogMask.ofSpellings(LogMask.of(['secret-canary'])?.spellings ?? []);
    const files = new LogFiles({ of: () => mask });
    for (const pattern of [
      { text: 'secret-canary', kind: 'TEXT' },
      { text: 'SECRET-C', kind: 'TEXT', ignoresCase: true },
      { text: 'secret|canary|s.*y is', kind: 'REGEX' },
    ] as const) {
      const { hitCount } = await searchAll(scratch, { pattern, direction: 'FORWARD', maxHits: 5 }, 0, files);
      expect(hitCount, pattern.text).toBe(0);
    }
    const pattern = { text: 'the \\*+ is', kind: 'REGEX' } as const;
    expect(
      (await searchAll(scratch, { pattern, direction: 'BACKWARD', maxHits: 5 }, 0, files)).hitCount,
    ).toBe(1);
  });

  it('passes what is damaged, as readers do', async () => {
    using scratch = new Scratch();
    using writer = new LogWriter(scratch);
    for (const stream of ['STDOUT', 'STDERR', 'STDOUT'] as const) writer.write(stream, 3);
    writeFileSync(scratch.directory.logPath('STDERR'), '5 5 5\n');
    const search = { pattern: { text: '[0-9]', kind: 'REGEX' }, direction: 'FORWARD', maxHits: 50 } as const;
    expect((await searchAll(scratch, search, 0)).hits.map(({ seq }) => seq)).toEqual([1, 2, 3, 7, 8, 9]);
  });

  it('goes on behind what it has seen where the log has grown', async () => {
    using scratch = new Scratch();
    using writer = new LogWriter(scratch);
    const search = { pattern: { text: '1', kind: 'TEXT' }, direction: 'FORWARD', maxHits: 0 } as const;
    const find = (after: number): Promise<SearchedPart> =>
      searchLog(scratch.directory, new LogFiles(), { ...search, after }, { maxMs: HOUR_MS });
    expect(await find(0)).toMatchObject({ scannedFromSeq: 1, scannedToSeq: 0, isComplete: true });
    writer.write('STDOUT', 10);
    expect(await find(0)).toMatchObject({ hitCount: 2, scannedToSeq: 10, isComplete: true });
    writer.write('STDERR', 10);
    expect(await find(10)).toMatchObject({ hitCount: 9, scannedFromSeq: 11, scannedToSeq: 20 });
  });

  it('answers a hostile pattern over a long line quickly', async () => {
    using scratch = new Scratch();
    await writeChunks(scratch, [['STDOUT', Buffer.from(`${'a'.repeat(64 * 1024 - 1)}!\n`)]]);
    const beganAtMs = performance.now();
    for (const text of ['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*a){12}$']) {
      const search = { pattern: { text, kind: 'REGEX' }, direction: 'FORWARD', maxHits: 5 } as const;
      expect((await searchAll(scratch, search, HOUR_MS)).hitCount, text).toBe(0);
    }
    expect(performance.now() - beganAtMs).toBeLessThan(10_000);
  });

  it('refuses what is no pattern, in a sentence', async () => {
    using scratch = new Scratch();
    const refusalOf = (text: string): Promise<unknown> =>
      searchLog(
        scratch.directory,
        new LogFiles(),
        { pattern: { text, kind: 'REGEX' }, direction: 'FORWARD', maxHits: 1 },
        { maxMs: 0 },
      ).catch((error: unknown) => error);
    for (const text of [
      '',
      '(',
      '(?=a)',
      '\\1',
      'a\nb',
      'a'.repeat(1_001),
      '((a{30}){30}){30}',
      '[a-z]{1000}{2}',
      '(abcdefgh){400}',
    ]) {
      const refusal = await refusalOf(text);
      expect(refusal, text).toBeInstanceOf(InvalidInputError);
      expect((refusal as InvalidInputError).message).toMatch(/^[A-Z].*\.$/s);
    }
  });
});
