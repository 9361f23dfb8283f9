import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOG_STREAMS, type LogStream } from '../../src/domain/log-line.ts';
import { LogFileRefusedError } from '../../src/logs/errors.ts';
import { INDEX_RECORD_BYTES } from '../../src/logs/index-record.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { isGap } from '../../src/logs/log-item.ts';
import { Tailer } from '../../src/logs/tailer.ts';
import { checkLeaks, scratchDescriptors } from './leak-check.ts';
import { LogWriter } from './log-writer.ts';
import { Scratch, upTo } from './scratch.ts';

checkLeaks();

/** Batches of a log: which stream, how many lines. */
const anyLog = fc.array(
  fc.tuple(fc.constantFrom<LogStream>(...LOG_STREAMS), fc.integer({ min: 1, max: 5 })),
  { maxLength: 30 },
);
const anyStreams = fc.constantFrom<readonly LogStream[] | undefined>(
  undefined,
  ['STDOUT'],
  ['STDERR'],
  LOG_STREAMS,
  [],
);

/** Writes the log; gives the stream of each line. */
function writeLog(scratch: Scratch, log: readonly (readonly [LogStream, number])[]): LogStream[] {
  using writer = new LogWriter(scratch);
  return log.flatMap(([stream, lineCount]) => {
    writer.write(stream, lineCount);
    return Array<LogStream>(lineCount).fill(stream);
  });
}

describe('reading a log', () => {
  it('gives the lines behind any cursor, within any limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLog,
        fc.nat(160),
        fc.integer({ min: 1, max: 40 }),
        anyStreams,
        async (log, after, maxBytes, streams) => {
          using scratch = new Scratch();
          const lines = writeLog(scratch, log);
          using reader = await JobLogReader.open(scratch.directory);
          const seqs: number[] = [];
          for (let cursor = after; ;) {
            const items = await reader.readAfter(cursor, { maxBytes, maxLines: 7, streams });
            if (items.length === 0) break;
            const bytes = items
              .map((item) => (isGap(item) ? Infinity : item.byteLength))
              .reduce((sum, count) => sum + count);
            expect(items.length === 1 || bytes <= maxBytes).toBe(true);
            for (const item of items) {
              if (isGap(item)) throw new Error('a gap in a whole log');
              expect(item.lines().map((line) => Number(line.text))).toEqual(
                upTo(item.lastSeq, item.firstSeq),
              );
              seqs.push(...item.lines().map((line) => line.seq));
              cursor = item.lastSeq;
            }
          }
          const wanted = streams ?? LOG_STREAMS;
          expect(seqs).toEqual(
            upTo(lines.length).filter((seq) => seq > after && wanted.includes(lines[seq - 1]!)),
          );
        },
      ),
      { numRuns: 80 },
    );
  });

  it('finds nothing in the log of a job that never started, and everything once it did', async () => {
    using scratch = new Scratch();
    using reader = await JobLogReader.open(scratch.directory);
    expect(await reader.readAfter(0)).toEqual([]);
    expect(await reader.totals()).toMatchObject({ lastSeq: 0, endedWithoutNewline: [] });
    expect(await reader.seqOfLast(3)).toBe(0);
    expect(await reader.page({})).toMatchObject({ lines: [], hasPrevious: false, hasNext: false });
    writeLog(scratch, [['STDOUT', 2]]);
    expect(await reader.readAfter(0)).toHaveLength(1);
    expect(await reader.totals()).toMatchObject({ lastSeq: 2, stdoutLines: 2, stdoutBytes: 4 });
  });

  it('goes on where the log has grown', async () => {
    using scratch = new Scratch();
    using writer = new LogWriter(scratch);
    using reader = await JobLogReader.open(scratch.directory);
    for (const lineCount of [1, 3, 2]) {
      const before = writer.lastSeq;
      writer.write('STDERR', lineCount);
      const [batch] = await reader.readAfter(before);
      expect(batch).toMatchObject({ firstSeq: before + 1, lineCount });
      expect(await reader.readAfter(writer.lastSeq)).toEqual([]);
    }
  });

  it('passes the lines of other streams, also when it finds none of its own', async () => {
    using scratch = new Scratch();
    writeLog(
      scratch,
      upTo(3_000).map(() => ['STDOUT', 1] as const),
    );
    using reader = await JobLogReader.open(scratch.directory);
    const chunk = await reader.readChunk(0, { streams: ['STDERR'] });
    expect(chunk.items).toEqual([]);
    expect(chunk.lastSeq).toBeGreaterThanOrEqual(1_024);
    expect(await reader.readAfter(0, { streams: ['STDERR'] })).toEqual([]);
  });

  it('tells lines whose log became a symbolic link as a gap, and does not follow it', async () => {
    using scratch = new Scratch();
    writeLog(scratch, [
      ['STDOUT', 2],
      ['STDERR', 1],
    ]);
    const path = scratch.directory.logPath('STDOUT');
    renameSync(path, `${path}.away`);
    symlinkSync(`${path}.away`, path);
    const { lines, gaps } = await scratch.read();
    expect(gaps).toEqual([{ fromSeq: 1, toSeq: 2, reason: 'DAMAGED' }]);
    expect(lines).toMatchObject([{ seq: 3, stream: 'STDERR' }]);
  });

  it('refuses an index that is a FIFO', async () => {
    using scratch = new Scratch();
    execFileSync('mkfifo', [scratch.directory.indexPath]);
    await expect(JobLogReader.open(scratch.directory)).rejects.toThrow(LogFileRefusedError);
  });

  it('closes its files, at the latest when a read that is under way has ended', async () => {
    using scratch = new Scratch();
    writeLog(scratch, [['STDOUT', 5]]);
    const reader = await JobLogReader.open(scratch.directory);
    await reader.readAfter(0);
    expect(scratchDescriptors()).toHaveLength(2);
    const underWay = reader.readAfter(0);
    reader[Symbol.dispose]();
    reader[Symbol.dispose]();
    await underWay;
    expect(scratchDescriptors()).toEqual([]);
    expect(await reader.readAfter(0)).toEqual([]);
    expect(scratchDescriptors()).toEqual([]);
  });
});

describe('what is lost', () => {
  const log = [
    ['STDOUT', 2],
    ['STDERR', 2],
    ['STDERR', 2],
    ['STDOUT', 2],
  ] as const;

  it('is told as a gap where records of the index are damaged', async () => {
    using scratch = new Scratch();
    writeLog(scratch, log);
    const bytes = readFileSync(scratch.directory.indexPath);
    bytes.fill(0, 2 * INDEX_RECORD_BYTES, 4 * INDEX_RECORD_BYTES);
    writeFileSync(scratch.directory.indexPath, bytes);
    const { gaps, lines } = await scratch.read();
    expect(gaps).toEqual([{ fromSeq: 3, toSeq: 6, reason: 'DAMAGED' }]);
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 7, 8]);
    using reader = await JobLogReader.open(scratch.directory);
    expect(await reader.readAfter(4)).toMatchObject([{ gap: { fromSeq: 5, toSeq: 6 } }, { firstSeq: 7 }]);
    expect(await reader.page({ first: 4 })).toMatchObject({
      lines: { length: 2 },
      gaps: [{ fromSeq: 3, toSeq: 4 }],
    });
  });

  it('is told as one gap where thousands of records are damaged', async () => {
    using scratch = new Scratch();
    writeLog(
      scratch,
      upTo(4_000).map(() => ['STDOUT', 1] as const),
    );
    const bytes = readFileSync(scratch.directory.indexPath);
    bytes.fill(0, INDEX_RECORD_BYTES, 3_500 * INDEX_RECORD_BYTES);
    writeFileSync(scratch.directory.indexPath, bytes);
    const { gaps, lines } = await scratch.read();
    expect(gaps).toEqual([{ fromSeq: 1, toSeq: 3_499, reason: 'DAMAGED' }]);
    expect(lines.map((line) => line.seq)).toEqual(upTo(4_000, 3_500));
  });

  it('is told as a gap where bytes are missing, overwritten, or their file is gone', async () => {
    using scratch = new Scratch();
    writeLog(scratch, log);
    truncateSync(scratch.directory.logPath('STDERR'), 6);
    expect((await scratch.read()).gaps).toEqual([{ fromSeq: 5, toSeq: 6, reason: 'DAMAGED' }]);
    writeFileSync(scratch.directory.logPath('STDERR'), '3\n4\n5x6\n');
    expect((await scratch.read()).gaps).toEqual([{ fromSeq: 5, toSeq: 6, reason: 'DAMAGED' }]);
    writeFileSync(scratch.directory.logPath('STDERR'), '\0'.repeat(8));
    expect((await scratch.read()).gaps).toEqual([{ fromSeq: 3, toSeq: 6, reason: 'DAMAGED' }]);
    rmSync(scratch.directory.logPath('STDERR'));
    const { gaps, lines } = await scratch.read();
    expect(gaps).toEqual([{ fromSeq: 3, toSeq: 6, reason: 'DAMAGED' }]);
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 7, 8]);
    using reader = await JobLogReader.open(scratch.directory);
    expect(await reader.readAfter(3, { streams: ['STDERR'] })).toEqual([
      { gap: { fromSeq: 4, toSeq: 6, reason: 'DAMAGED' } },
    ]);
    expect(await reader.readAfter(0, { streams: ['STDOUT'] })).toMatchObject([
      { firstSeq: 1 },
      { firstSeq: 7 },
    ]);
  });
});

describe('a last line without newline', () => {
  it('is told as a gap where its end is missing', async () => {
    using scratch = new Scratch();
    const bus = new LogEventBus();
    using channel = bus.open(1);
    scratch.write('STDOUT', 'abc');
    using tailer = new Tailer({ directory: scratch.directory, channel, resumed: false });
    await tailer.drain();
    truncateSync(scratch.directory.logPath('STDOUT'), 2);
    expect((await scratch.read()).gaps).toEqual([{ fromSeq: 1, toSeq: 1, reason: 'DAMAGED' }]);
  });
});

describe('finding lines', () => {
  it('counts back the last lines of some streams, like a count from the beginning', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, fc.nat(60), anyStreams, async (log, count, streams) => {
        using scratch = new Scratch();
        const lines = writeLog(scratch, log);
        using reader = await JobLogReader.open(scratch.directory);
        const wanted = streams ?? LOG_STREAMS;
        const after = await reader.seqOfLast(count, streams);
        const own = upTo(lines.length).filter((seq) => wanted.includes(lines[seq - 1]!));
        expect(own.filter((seq) => seq > after)).toEqual(count === 0 ? [] : own.slice(-count));
      }),
      { numRuns: 80 },
    );
  });

  it('gives pages from either end, like slices of all lines', async () => {
    const cursor = fc.option(fc.nat(80), { nil: undefined });
    const request = fc.record({
      after: cursor,
      before: cursor,
      first: cursor,
      last: cursor,
      streams: anyStreams,
    });
    await fc.assert(
      fc.asyncProperty(anyLog, request, async (log, asked) => {
        using scratch = new Scratch();
        const lines = writeLog(scratch, log);
        using reader = await JobLogReader.open(scratch.directory);
        const wanted = asked.streams ?? LOG_STREAMS;
        const own = upTo(lines.length).filter((seq) => wanted.includes(lines[seq - 1]!));
        let expected = own.filter((seq) => seq > (asked.after ?? 0) && seq < (asked.before ?? Infinity));
        const first = asked.first ?? (asked.last === undefined ? 100 : undefined);
        if (first !== undefined) expected = expected.slice(0, first);
        if (asked.last !== undefined) expected = asked.last === 0 ? [] : expected.slice(-asked.last);
        const page = await reader.page(asked);
        expect(page.lines.map((line) => line.seq)).toEqual(expected);
        expect(page).toMatchObject({
          startSeq: expected[0] ?? null,
          endSeq: expected.at(-1) ?? null,
          gaps: [],
        });
        if (expected.length === 0) return;
        expect(page.hasPrevious).toBe(own[0] !== expected[0]);
        expect(page.hasNext).toBe(own.at(-1) !== expected.at(-1));
      }),
      { numRuns: 150 },
    );
  });
});
