import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOG_STREAMS, type LogStream } from '../../src/domain/log-line.ts';
import { INDEX_RECORD_BYTES } from '../../src/logs/index-record.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { NOTHING_TRIMMED, readKeptMark, writeKeptMark, type KeptMark } from '../../src/logs/kept-mark.ts';
import { LogFiles } from '../../src/logs/log-files.ts';
import { LogIndexReader } from '../../src/logs/log-index-reader.ts';
import { isGap } from '../../src/logs/log-item.ts';
import { holesBetween, keptBytes, planTrim } from '../../src/logs/trim-plan.ts';
import { checkLeaks } from './leak-check.ts';
import { LogWriter } from './log-writer.ts';
import { Scratch, textBytes, upTo } from './scratch.ts';

checkLeaks();

/** One batch of the model: what is known of it without any file. */
interface ModelBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly stream: LogStream;
  readonly byteLength: number;
}

type Step =
  | { readonly kind: 'WRITE'; readonly stream: LogStream; readonly lineCount: number }
  /** Down to so many bytes. */
  | { readonly kind: 'TRIM'; readonly mostBytes: number };

const anySteps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('WRITE' as const),
        stream: fc.constantFrom<LogStream>(...LOG_STREAMS),
        lineCount: fc.integer({ min: 1, max: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('TRIM' as const), mostBytes: fc.nat(2_000) }) },
  ),
  { minLength: 1, maxLength: 60 },
);

/** A log, its files, and beside them the plainest model of it. What is trimmed is destroyed to the last byte. */
class TrimmedLog implements Disposable {
  readonly scratch = new Scratch();
  readonly #writer = new LogWriter(this.scratch);
  readonly #batches: ModelBatch[] = [];
  #firstKept = 0;

  write(stream: LogStream, lineCount: number): void {
    const firstSeq = this.lastSeq + 1;
    this.#writer.write(stream, lineCount);
    const lastSeq = firstSeq + lineCount - 1;
    const byteLength = textBytes(upTo(lastSeq, firstSeq).map(String)).length;
    this.#batches.push({ firstSeq, lastSeq, stream, byteLength });
  }

  get lastSeq(): number {
    return this.#batches.at(-1)?.lastSeq ?? 0;
  }

  get keptFromSeq(): number {
    return this.#batches[this.#firstKept]?.firstSeq ?? 1;
  }

  get keptBytes(): number {
    return this.#bytesFrom(this.#firstKept);
  }

  /** The seqs that can be read. */
  keptSeqs(streams: readonly LogStream[] = LOG_STREAMS): number[] {
    return this.#batches
      .slice(this.#firstKept)
      .filter(({ stream }) => streams.includes(stream))
      .flatMap(({ firstSeq, lastSeq }) => upTo(lastSeq, firstSeq));
  }

  allSeqs(streams: readonly LogStream[]): number[] {
    return this.#batches
      .filter(({ stream }) => streams.includes(stream))
      .flatMap(({ firstSeq, lastSeq }) => upTo(lastSeq, firstSeq));
  }

  async trim(mostBytes: number): Promise<void> {
    if (this.#batches.length === 0) return;
    while (this.#firstKept < this.#batches.length - 1 && this.keptBytes > mostBytes) this.#firstKept++;
    const former = readKeptMark(this.scratch.directory);
    const mark = await this.#plan(former, mostBytes);
    expect(mark.seq).toBe(this.keptFromSeq);
    await writeKeptMark(this.scratch.directory, mark);
    this.#destroyBefore(mark);
  }

  /** In this turn of the event loop. */
  trimNow(mark: KeptMark): void {
    writeFileSync(this.scratch.directory.keptPath, JSON.stringify(mark));
    this.#destroyBefore(mark);
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
    this.scratch[Symbol.dispose]();
  }

  async #plan(former: KeptMark, mostBytes: number): Promise<KeptMark> {
    using index = LogIndexReader.open(this.scratch.directory.indexPath, new LogFiles());
    const extent = {
      stdoutSize: this.scratch.bytesOf('STDOUT').length,
      stderrSize: this.scratch.bytesOf('STDERR').length,
      backlogBytes: 0,
      recordCount: this.#batches.length,
    };
    const mark = await planTrim(index!, former, extent, mostBytes);
    expect(keptBytes(extent, mark)).toBe(this.keptBytes);
    return mark;
  }

  #bytesFrom(batch: number): number {
    const kept = this.#batches.slice(batch);
    return kept.reduce((sum, { byteLength }) => sum + byteLength + INDEX_RECORD_BYTES, 0);
  }

  #destroyBefore({ stdoutOffset, stderrOffset, position }: KeptMark): void {
    const { directory } = this.scratch;
    for (const [path, from, to] of [
      [directory.logPath('STDOUT'), 0, stdoutOffset],
      [directory.logPath('STDERR'), 0, stderrOffset],
      [directory.indexPath, INDEX_RECORD_BYTES, (position + 1) * INDEX_RECORD_BYTES],
    ] as const) {
      const descriptor = openSync(path, 'r+');
      writeSync(descriptor, Buffer.alloc(to - from), 0, to - from, from);
      closeSync(descriptor);
    }
  }
}

async function built(steps: readonly Step[]): Promise<TrimmedLog> {
  const log = new TrimmedLog();
  for (const step of steps) {
    if (step.kind === 'WRITE') log.write(step.stream, step.lineCount);
    else await log.trim(step.mostBytes);
  }
  return log;
}

describe('a log that is trimmed again and again', () => {
  it('has its cursors, gaps, counts and sizes as the plain model says', async () => {
    await fc.assert(
      fc.asyncProperty(
        anySteps,
        fc.nat(160),
        fc.nat(50),
        fc.constantFrom<readonly LogStream[]>(LOG_STREAMS, ['STDOUT'], ['STDERR']),
        async (steps, after, count, streams) => {
          using log = await built(steps);
          using reader = await JobLogReader.open(log.scratch.directory);
          expect(reader.keptFromSeq).toBe(log.keptFromSeq);
          expect(await reader.keptBytes()).toBe(log.keptBytes);
          expect((await reader.totals()).lastSeq).toBe(log.lastSeq);

          // From any cursor: one gap up to what is kept, then every kept line, once.
          const seqs: number[] = [];
          const gaps: unknown[] = [];
          for (let cursor = after; ;) {
            const chunk = await reader.readChunk(cursor, { maxBytes: 40, streams });
            for (const item of chunk.items) {
              if (isGap(item)) gaps.push(item.gap);
              else {
                expect(item.lines().map(({ text }) => Number(text))).toEqual(
                  upTo(item.lastSeq, item.firstSeq),
                );
                seqs.push(...upTo(item.lastSeq, item.firstSeq));
              }
            }
            if (chunk.lastSeq === cursor) break;
            cursor = chunk.lastSeq;
          }
          const { keptFromSeq } = log;
          expect(seqs).toEqual(log.keptSeqs(streams).filter((seq) => seq > after));
          expect(gaps).toEqual(
            after < keptFromSeq - 1
              ? [{ fromSeq: after + 1, toSeq: keptFromSeq - 1, reason: 'TRIMMED' }]
              : [],
          );

          // The last so many lines: those that are kept, behind a gap of as many as are missing.
          const cursor = await reader.seqOfLast(count, streams);
          const wanted = count === 0 ? [] : log.allSeqs(streams).slice(-count);
          const kept = wanted.filter((seq) => seq >= keptFromSeq);
          expect(log.keptSeqs(streams).filter((seq) => seq > cursor)).toEqual(kept);
          const missing = wanted.length - kept.length;
          if (missing > 0 && count < log.allSeqs(streams).length)
            expect(keptFromSeq - 1 - cursor).toBe(missing);

          // A page begins where something is kept, and says what is missing before.
          const page = await reader.page({ after, first: 10, streams });
          const following = log.keptSeqs(streams).filter((seq) => seq > after);
          expect(page.lines.map(({ seq }) => seq)).toEqual(following.slice(0, 10));
          expect(page.hasNext).toBe(following.length > 10);
          expect(page.gaps).toEqual(gaps);
          expect(page.hasPrevious).toBe(log.keptSeqs(streams).some((seq) => seq <= after));
          const last = await reader.page({ last: 10, streams });
          expect(last.lines.map(({ seq }) => seq)).toEqual(log.keptSeqs(streams).slice(-10));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps its last batch, however little may be kept', async () => {
    using log = await built([
      { kind: 'WRITE', stream: 'STDOUT', lineCount: 3 },
      { kind: 'WRITE', stream: 'STDERR', lineCount: 2 },
      { kind: 'TRIM', mostBytes: 0 },
    ]);
    expect(log.keptSeqs()).toEqual([4, 5]);
  });

  it('whose mark is damaged tells what is missing as damaged', async () => {
    using log = await built([
      { kind: 'WRITE', stream: 'STDOUT', lineCount: 3 },
      { kind: 'WRITE', stream: 'STDOUT', lineCount: 2 },
      { kind: 'TRIM', mostBytes: 0 },
    ]);
    const { keptPath } = log.scratch.directory;
    const descriptor = openSync(keptPath, 'w');
    writeSync(descriptor, '{"seq":');
    closeSync(descriptor);
    expect(readKeptMark(log.scratch.directory)).toEqual(NOTHING_TRIMMED);
    expect((await log.scratch.read()).gaps).toEqual([{ fromSeq: 1, toSeq: 3, reason: 'DAMAGED' }]);
  });

  it('tells a reader whose lines go while it reads of a gap, not of what it read', async () => {
    using log = await built([{ kind: 'WRITE', stream: 'STDOUT', lineCount: 5 }]);
    log.write('STDERR', 5);
    using reader = await JobLogReader.open(log.scratch.directory);
    // Its first look at the mark is over when this returns; the files are read in another thread.
    const reading = reader.readChunk(0);
    log.trimNow({ seq: 6, position: 1, stdoutOffset: log.scratch.bytesOf('STDOUT').length, stderrOffset: 0 });
    const { items, lastSeq } = await reading;
    expect(items.map((item) => (isGap(item) ? item.gap : [item.firstSeq, item.lastSeq]))).toEqual([
      { fromSeq: 1, toSeq: 5, reason: 'TRIMMED' },
      [6, 10],
    ]);
    expect(lastSeq).toBe(10);
  });
});

describe('the holes of a trim', () => {
  it('are whole blocks before what is kept, and leave the header of the index', () => {
    using scratch = new Scratch();
    const { directory } = scratch;
    const to = { seq: 9, position: 200, stdoutOffset: 10_000, stderrOffset: 4_095 };
    expect(holesBetween(directory, NOTHING_TRIMMED, to)).toEqual([
      { path: directory.logPath('STDOUT'), offset: 0, length: 8_192 },
      { path: directory.indexPath, offset: 4_096, length: 8_192 },
    ]);
    expect(holesBetween(directory, to, { ...to, stdoutOffset: 12_287 })).toEqual([]);
    expect(holesBetween(directory, to, { ...to, stdoutOffset: 12_288 })).toEqual([
      { path: directory.logPath('STDOUT'), offset: 8_192, length: 4_096 },
    ]);
  });
});
