import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOG_STREAMS, type LogStream } from '../../src/domain/log-line.ts';
import {
  decodeRecord,
  encodeRecord,
  INDEX_RECORD_BYTES,
  lastSeqOf,
  type IndexRecord,
} from '../../src/logs/index-record.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { closingRecord, isWhole } from '../../src/logs/machine-loss.ts';
import { SeqReserve } from '../../src/logs/seq-reserve.ts';
import { Tailer, type TailerOptions } from '../../src/logs/tailer.ts';
import {
  decodeSeqMark,
  FIRST_SEQS,
  readSeqMark,
  writeSeqMark,
  writeSeqMarkSoon,
} from '../../src/storage/seq-mark.ts';
import { checkLeaks } from './leak-check.ts';
import { Scratch, upTo } from './scratch.ts';

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

const files = ({ directory }: Scratch): string[] => [
  directory.indexPath,
  ...LOG_STREAMS.map((s) => directory.logPath(s)),
];

/** Numbers what is in the files, to the end; as a server does. */
async function number(scratch: Scratch, options: Partial<TailerOptions> = {}): Promise<void> {
  using channel = bus.open(1);
  using tailer = new Tailer({
    directory: scratch.directory,
    channel,
    resumed: false,
    idleMs: 60_000,
    ...options,
  });
  await tailer.drain();
}

/** Text by seq, and the seqs in gaps. */
async function seen(
  scratch: Scratch,
): Promise<{ texts: Map<number, string>; missing: Set<number>; lastSeq: number }> {
  const { lines, gaps } = await scratch.read();
  const missing = new Set(gaps.flatMap(({ fromSeq, toSeq }) => upTo(toSeq, fromSeq)));
  expect(gaps.every(({ reason }) => reason === 'DAMAGED')).toBe(true);
  using reader = await JobLogReader.open(scratch.directory);
  return {
    texts: new Map(lines.map(({ seq, text }) => [seq, text])),
    missing,
    lastSeq: (await reader.totals()).lastSeq,
  };
}

describe('the mark of a log', () => {
  it('is one of the two that were written last, wherever a write is torn', async () => {
    using scratch = new Scratch();
    const { directory } = scratch;
    expect(readSeqMark(directory)).toEqual({ generation: 1, reservedSeq: FIRST_SEQS, givenSeq: 0 });
    let former = readSeqMark(directory);
    for (const generation of [2, 3, 4]) {
      const before = readFileSync(directory.seqMarkPath);
      const mark = { generation, reservedSeq: generation * 10_000, givenSeq: generation };
      await writeSeqMark(directory, mark);
      expect(readSeqMark(directory)).toEqual(mark);
      const after = readFileSync(directory.seqMarkPath);
      expect(after).toHaveLength(before.length);
      for (let bytes = 0; bytes <= after.length; bytes += 7) {
        const torn = Buffer.concat([after.subarray(0, bytes), before.subarray(bytes)]);
        expect([former, mark]).toContainEqual(decodeSeqMark(torn));
      }
      former = mark;
    }
  });

  it('is nothing where there is none or it is damaged, and is made anew', async () => {
    using scratch = new Scratch();
    const { directory } = scratch;
    rmSync(directory.seqMarkPath, { force: true });
    const nothing = { generation: 0, reservedSeq: 0, givenSeq: 0 };
    writeSeqMarkSoon(directory, { generation: 1, reservedSeq: 1, givenSeq: 1 });
    expect(readSeqMark(directory)).toEqual(nothing);
    await writeSeqMark(directory, { generation: 1, reservedSeq: 9, givenSeq: 1 });
    expect(readSeqMark(directory)).toEqual({ generation: 1, reservedSeq: 9, givenSeq: 1 });
    writeFileSync(directory.seqMarkPath, 'something else');
    expect(readSeqMark(directory)).toEqual(nothing);
  });
});

describe('a reserve of numbers', () => {
  it('is moved ahead of use, seldom, and gives up what was not used', async () => {
    using scratch = new Scratch();
    const { directory } = scratch;
    const onReserved = vi.fn();
    const reserve = new SeqReserve({ directory, resumed: false, onReserved, onFailed: vi.fn() });
    for (let seq = 1; seq <= FIRST_SEQS / 2; seq++) expect(reserve.upTo(seq, seq - 1)).toBe(FIRST_SEQS);
    expect(readSeqMark(directory).generation).toBe(1);
    let given = FIRST_SEQS / 2;
    let moves = 0;
    // As fast as it allows: a flood.
    while (given < 5_000_000) {
      given = Math.max(given, Math.min(reserve.upTo(given + 1_000, given), given + 1_000));
      expect(readSeqMark(directory).reservedSeq).toBeGreaterThanOrEqual(given);
      await vi.waitFor(() => expect(reserve.upTo(given, given)).toBeGreaterThan(given));
      moves = onReserved.mock.calls.length;
      given = Math.max(given, reserve.upTo(given, given) - 1);
    }
    expect(moves).toBeLessThan(40);
    await vi.waitFor(() => expect(reserve.upTo(given, given)).toBeGreaterThan(given));
    reserve.release(given);
    reserve.release(1);
    await vi.waitFor(() =>
      expect(readSeqMark(directory)).toMatchObject({ reservedSeq: given, givenSeq: given }),
    );
  });

  it('of a former server counts only when it is on the disk', async () => {
    using scratch = new Scratch();
    const { directory } = scratch;
    const onReserved = vi.fn();
    const reserve = new SeqReserve({ directory, resumed: true, onReserved, onFailed: vi.fn() });
    expect(reserve.upTo(10, 9)).toBe(0);
    await vi.waitFor(() => expect(onReserved).toHaveBeenCalledTimes(1));
    expect(reserve.upTo(10, 9)).toBeGreaterThan(FIRST_SEQS);
    expect(readSeqMark(directory)).toMatchObject({ generation: 2, givenSeq: 9 });
  });

  it('that cannot be moved gives nothing beyond, says so, and is asked again', async () => {
    using scratch = new Scratch();
    const { directory } = scratch;
    rmSync(directory.path, { recursive: true });
    const onFailed = vi.fn();
    const reserve = new SeqReserve({ directory, resumed: true, onReserved: vi.fn(), onFailed });
    for (const times of [1, 2]) {
      expect(reserve.upTo(1, 0)).toBe(0);
      await vi.waitFor(() => expect(onFailed).toHaveBeenCalledTimes(times));
    }
  });
});

describe('a log that numbers faster than its mark moves', () => {
  it('holds lines until it has, and loses, doubles and joins none', async () => {
    using scratch = new Scratch();
    const last = FIRST_SEQS * 40;
    scratch.write(
      'STDOUT',
      upTo(last)
        .map((n) => `${n}\n`)
        .join(''),
    );
    scratch.write(
      'STDERR',
      upTo(3_000)
        .map((n) => `e${n}\n`)
        .join('') + 'rest',
    );
    await number(scratch, { idleMs: 1 });
    const { lines, gaps } = await scratch.read();
    expect(gaps).toEqual([]);
    expect(lines.map(({ seq }) => seq)).toEqual(upTo(last + 3_001));
    expect(lines.filter(({ stream }) => stream === 'STDOUT').map(({ text }) => text)).toEqual(
      upTo(last).map(String),
    );
    expect(lines.filter(({ stream }) => stream === 'STDERR').at(-1)?.text).toBe('rest');
    // What was not used is given up at the end.
    expect(readSeqMark(scratch.directory).reservedSeq).toBe(last + 3_001);
  });

  it('also where a job of a former version has no mark', async () => {
    using scratch = new Scratch();
    rmSync(scratch.directory.seqMarkPath);
    scratch.write('STDOUT', 'one\n');
    await number(scratch, { resumed: true });
    scratch.write('STDOUT', 'two\n');
    await number(scratch, { resumed: true });
    expect((await scratch.read()).lines.map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
  });
});

/** A batch of some lines on one of the streams; consecutive ones make a log. */
const steps = fc.array(
  fc.record({
    stream: fc.constantFrom<LogStream>('STDOUT', 'STDERR'),
    lineCount: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 30 },
);
const part = fc.double({ min: 0, max: 1, noNaN: true });

describe('after a loss of the machine', () => {
  it('what is whole is a beginning of the log, and the numbers go on above the mark (any log, any cut)', () => {
    fc.assert(
      fc.property(steps, part, part, part, fc.nat(2_000), (batches, index, stdout, stderr, ahead) => {
        const records: IndexRecord[] = [];
        const ends = { STDOUT: 0, STDERR: 0 };
        const lines = { STDOUT: 0, STDERR: 0 };
        for (const { stream, lineCount } of batches) {
          const other = stream === 'STDOUT' ? 'STDERR' : 'STDOUT';
          const byteLength = lineCount * 3;
          const former = records.at(-1);
          lines[stream] += lineCount;
          records.push({
            firstSeq: former === undefined ? 1 : lastSeqOf(former) + 1,
            lineCount,
            stream,
            byteLength,
            offset: ends[stream],
            atMs: 1,
            atApproximate: false,
            ending: 'NEWLINE',
            otherEndOffset: ends[other],
            otherUnterminated: false,
            stdoutLines: lines.STDOUT,
            stderrLines: lines.STDERR,
          });
          ends[stream] += byteLength;
        }
        const lastSeq = records.reduce((_, record) => lastSeqOf(record), 0);
        const reservedSeq = lastSeq + ahead;
        const sizes = { stdout: Math.floor(ends.STDOUT * stdout), stderr: Math.floor(ends.STDERR * stderr) };
        const survived = records.slice(0, Math.floor(records.length * index + 0.5));
        const whole = survived.filter((record) => isWhole(record, sizes));
        expect(whole).toEqual(survived.slice(0, whole.length));
        const closing = closingRecord(whole.at(-1), reservedSeq, 7);
        const keptSeq = whole.reduce((_, record) => lastSeqOf(record), 0);
        if (closing === undefined) {
          expect(keptSeq).toBe(reservedSeq);
          return;
        }
        expect(lastSeqOf(closing)).toBe(reservedSeq);
        expect(closingRecord(closing, reservedSeq, 8)).toBeUndefined();
        const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
        encodeRecord(closing, bytes, 0);
        expect(decodeRecord(bytes)).toEqual(closing);
        // It stands where the last whole one ended.
        expect(isWhole(closing, sizes)).toBe(true);
        expect([closing.stdoutLines, closing.stderrLines]).toEqual([
          whole.at(-1)?.stdoutLines ?? 0,
          whole.at(-1)?.stderrLines ?? 0,
        ]);
      }),
    );
  });

  it('a number that was seen is the same line or in a gap; what follows is above the mark (any cut of any file)', async () => {
    using before = new Scratch();
    using scratch = new Scratch();
    const cut = (index: number, stdout: number, stderr: number): void => {
      const rest = [index, stdout, stderr];
      files(before).forEach((path, at) => {
        const target = files(scratch)[at]!;
        copyFileSync(path, target);
        truncateSync(target, Math.min(rest[at]!, statSync(path).size));
      });
      copyFileSync(before.directory.seqMarkPath, scratch.directory.seqMarkPath);
    };
    // In three lives, so that there are several batches; the last one is killed and gives nothing back.
    for (const [at, text] of ['1\n2\n3\n', '4\n5\n', '6\n7\n8\nno end'].entries()) {
      before.write('STDOUT', text);
      before.write('STDERR', `e${text}`);
      await number(before, { resumed: at > 0 });
    }
    const seenBefore = await seen(before);
    const reservedSeq = 5_000;
    await writeSeqMark(before.directory, { generation: 100, reservedSeq, givenSeq: 0 });
    const sizes = files(before).map((path) => statSync(path).size);
    const any = sizes.map((size) => fc.integer({ min: 0, max: size })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ];
    await fc.assert(
      fc.asyncProperty(...any, async (...rest) => {
        cut(...rest);
        const after = async (life: string): Promise<void> => {
          const found = await seen(scratch);
          for (const [seq, text] of seenBefore.texts)
            if (!found.missing.has(seq)) expect(found.texts.get(seq), `${life}: line ${seq}`).toBe(text);
          for (const seq of found.texts.keys())
            expect(seq <= seenBefore.lastSeq || seq > reservedSeq).toBe(true);
          expect(found.texts.size + found.missing.size).toBe(found.lastSeq);
          expect(found.lastSeq).toBeGreaterThanOrEqual(reservedSeq);
        };
        await number(scratch, { resumed: true, afterLoss: true });
        await after('at once');
        // A start that was killed behind it comes to the same.
        await number(scratch, { resumed: true, afterLoss: true });
        await after('again');
        scratch.write('STDOUT', 'more\n');
        await number(scratch, { resumed: true });
        await after('later');
        expect([...(await seen(scratch)).texts].at(-1)?.[1]).toMatch(/more$/);
      }),
      { numRuns: 60 },
    );
  });

  it('a log that has all its lines and was left in order has no gap', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'one\ntwo\n');
    await number(scratch);
    await number(scratch, { resumed: true, afterLoss: true });
    scratch.write('STDOUT', 'three\n');
    await number(scratch, { resumed: true });
    const { lines, gaps } = await scratch.read();
    expect(gaps).toEqual([]);
    expect(lines.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  });

  it('an index that somebody took away is noticed without it, and no number is given again', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'one\ntwo\n');
    await number(scratch);
    rmSync(scratch.directory.indexPath);
    await number(scratch, { resumed: true });
    const { lines, gaps } = await scratch.read();
    expect(gaps).toEqual([{ fromSeq: 1, toSeq: 2, reason: 'DAMAGED' }]);
    expect(lines.map(({ seq, text }) => [seq, text])).toEqual([
      [3, 'one'],
      [4, 'two'],
    ]);
  });

  it('a page says what is missing, also where nothing follows it or nothing is left', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'one\ntwo\n');
    await number(scratch);
    await writeSeqMark(scratch.directory, { generation: 100, reservedSeq: 50, givenSeq: 0 });
    await number(scratch, { resumed: true, afterLoss: true });
    const gap = { fromSeq: 3, toSeq: 50, reason: 'DAMAGED' };
    {
      using reader = await JobLogReader.open(scratch.directory);
      expect(await reader.page({})).toMatchObject({
        lines: [{ text: 'one' }, { text: 'two' }],
        gaps: [gap],
        hasNext: false,
      });
      expect(await reader.page({ last: 1 })).toMatchObject({ lines: [{ text: 'two' }], gaps: [gap] });
      expect(await reader.page({ first: 1 })).toMatchObject({
        lines: [{ text: 'one' }],
        gaps: [],
        hasNext: true,
      });
      expect(await reader.page({ after: 10 })).toMatchObject({ lines: [], gaps: [{ ...gap, fromSeq: 11 }] });
      expect(await reader.page({ streams: ['STDERR'] })).toMatchObject({ lines: [], gaps: [gap] });
      expect(await reader.seqOfLast(1)).toBe(1);
    }
    for (const path of files(scratch)) truncateSync(path, 0);
    await number(scratch, { resumed: true, afterLoss: true });
    using reader = await JobLogReader.open(scratch.directory);
    expect(await reader.page({})).toMatchObject({
      lines: [],
      gaps: [{ fromSeq: 1, toSeq: 50, reason: 'DAMAGED' }],
    });
  });
});
