import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogStream } from '../../src/domain/log-line.ts';
import { LogDrainFailedError, LogFileRefusedError, type LogAnomaly } from '../../src/logs/errors.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { Tailer, type TailerOptions } from '../../src/logs/tailer.ts';
import { checkLeaks } from './leak-check.ts';
import { Scratch, turns, upTo } from './scratch.ts';

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

/** A job's files, channel and tailer. No idle flush unless asked for. */
class Tailed implements Disposable {
  readonly scratch: Scratch;
  readonly channel = bus.open(1);
  readonly anomalies: LogAnomaly[] = [];
  tailer: Tailer;

  constructor(scratch: Scratch, options: Partial<TailerOptions> = {}) {
    this.scratch = scratch;
    try {
      this.tailer = this.#open(options);
    } catch (error) {
      this.channel[Symbol.dispose]();
      throw error;
    }
  }

  restart(options: Partial<TailerOptions> = {}): void {
    this.tailer[Symbol.dispose]();
    this.tailer = this.#open({ resumed: true, ...options });
  }

  [Symbol.dispose](): void {
    this.tailer[Symbol.dispose]();
    this.channel[Symbol.dispose]();
  }

  #open(options: Partial<TailerOptions>): Tailer {
    const { directory } = this.scratch;
    const onAnomaly = (anomaly: LogAnomaly): void => void this.anomalies.push(anomaly);
    return new Tailer({
      directory,
      channel: this.channel,
      resumed: false,
      idleMs: 60_000,
      onAnomaly,
      ...options,
    });
  }
}

/** The texts of one stream after everything that was written has been drained. */
async function textsOf(bytes: string | Buffer): Promise<string[]> {
  using scratch = new Scratch();
  scratch.write('STDOUT', bytes);
  using tailed = new Tailed(scratch);
  await tailed.tailer.drain();
  const { lines } = await scratch.read();
  expect(lines.map((line) => line.seq)).toEqual(upTo(lines.length));
  return lines.map((line) => line.text);
}

describe('a tailer', () => {
  it('delivers every kind of line', async () => {
    expect(await textsOf('one\ntwo\n')).toEqual(['one', 'two']);
    expect(await textsOf('no newline')).toEqual(['no newline']);
    expect(await textsOf('crlf\r\nlone\rreturn\n\r\n')).toEqual(['crlf', 'lone\rreturn', '']);
    expect(await textsOf('\n\n\n')).toEqual(['', '', '']);
    expect(await textsOf('a\0b\n')).toEqual(['a\0b']);
    expect(await textsOf(Buffer.from('ff41e28241c3\n'.replace('\n', '0a'), 'hex'))).toEqual([
      '\ufffdA\ufffdA\ufffd',
    ]);
    expect(await textsOf('\ufeffmark\n')).toEqual(['\ufeffmark']);
    expect(await textsOf('last\r')).toEqual(['last\r']);
    expect(await textsOf('')).toEqual([]);
  });

  it('publishes what it has written down, and only that', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch);
    using reader = bus.subscribe(1);
    scratch.write('STDERR', 'first\nsecond\n');
    tailed.tailer.poke();
    const news = await reader.next();
    const published = news.value?.batches.flatMap((batch) => batch.lines());
    expect(published).toMatchObject([
      { seq: 1, stream: 'STDERR', text: 'first', continued: false, atApproximate: false },
      { seq: 2, stream: 'STDERR', text: 'second' },
    ]);
    expect((await scratch.read()).lines).toEqual(published);
  });

  it('puts together a code point and a line that were written in parts', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch);
    for (const byte of Buffer.from('💧 drop\r\n€')) {
      scratch.write('STDOUT', Buffer.from([byte]));
      tailed.tailer.poke();
      await turns(1);
    }
    const totals = await tailed.tailer.drain();
    expect((await scratch.read()).lines.map((line) => line.text)).toEqual(['💧 drop', '€']);
    expect(totals).toEqual({
      lastSeq: 2,
      stdoutLines: 2,
      stderrLines: 0,
      stdoutBytes: 14,
      stderrBytes: 0,
      endedWithoutNewline: ['STDOUT'],
    });
  });

  it('delivers a line of 10 MB in pieces of at most 64 KiB', async () => {
    using scratch = new Scratch();
    const line = '0123456789abcde€'.repeat(600_000);
    scratch.write('STDOUT', `${line}\nnext\n`);
    using tailed = new Tailed(scratch);
    await tailed.tailer.drain();
    const { lines } = await scratch.read();
    expect(lines.every((piece) => Buffer.byteLength(piece.text) <= 64 * 1024)).toBe(true);
    expect(lines.slice(0, -2).every((piece) => piece.continued)).toBe(true);
    expect(lines.slice(-2).map((piece) => piece.continued)).toEqual([false, false]);
    const whole = lines
      .slice(0, -1)
      .map((piece) => piece.text)
      .join('');
    expect(whole === line).toBe(true);
  });

  it('delivers a prompt that stays without newline, and then the rest of its line', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch, { idleMs: 20 });
    using reader = bus.subscribe(1);
    scratch.write('STDOUT', 'hello\nName? \r');
    tailed.tailer.poke();
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(2));
    expect(tailed.tailer.totals.endedWithoutNewline).toEqual(['STDOUT']);
    scratch.write('STDOUT', '\nEve\n');
    tailed.tailer.poke();
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(4));
    const news = await reader.next();
    const lines = news.value?.batches.flatMap((batch) => batch.lines()) ?? [];
    expect(lines.map(({ text, continued }) => [text, continued])).toEqual([
      ['hello', false],
      ['Name? ', true],
      ['', false],
      ['Eve', false],
    ]);
    expect((await tailed.tailer.drain()).endedWithoutNewline).toEqual([]);
  });

  it('says that a stream ended without newline when its prompt was all', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch, { idleMs: 1 });
    scratch.write('STDERR', '? ');
    tailed.tailer.poke();
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(1));
    tailed.restart();
    expect(await tailed.tailer.drain()).toMatchObject({
      lastSeq: 1,
      stderrBytes: 2,
      endedWithoutNewline: ['STDERR'],
    });
    expect((await scratch.read()).lines).toMatchObject([{ text: '? ', continued: true }]);
  });

  it('remembers over a restart which stream stands without newline, whichever came last', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch, { idleMs: 1 });
    for (const [stream, bytes] of [
      ['STDOUT', '? '],
      ['STDERR', 'line\n'],
      ['STDERR', 'line\n'],
    ] as const) {
      const { lastSeq } = tailed.tailer.totals;
      scratch.write(stream, bytes);
      tailed.tailer.poke();
      await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(lastSeq + 1));
    }
    tailed.restart();
    expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 3, endedWithoutNewline: ['STDOUT'] });
  });

  it('reads both streams in turn, however much one of them has', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'flood\n'.repeat(500_000));
    scratch.write('STDERR', 'quiet\n');
    using tailed = new Tailed(scratch);
    await tailed.tailer.drain();
    const { batches } = await scratch.read();
    const quiet = batches.find((batch) => batch.stream === 'STDERR');
    expect(quiet?.firstSeq).toBeLessThan(100_000);
  });

  it('lets the event loop turn while it has much to read', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'flood\n'.repeat(1_000_000));
    using tailed = new Tailed(scratch);
    let turned = 0;
    let immediate = setImmediate(function count() {
      turned++;
      immediate = setImmediate(count);
    });
    await tailed.tailer.drain();
    clearImmediate(immediate);
    expect(turned).toBeGreaterThanOrEqual(20);
  });

  it('gives the same numbers, lines and bytes wherever it was restarted', async () => {
    const stream = fc.constantFrom<LogStream>('STDOUT', 'STDERR');
    const part = fc.constantFrom(
      'a',
      '\n',
      'bc\n',
      '\r\n',
      'é',
      '\r',
      'x'.repeat(70_000),
      'l\n'.repeat(1_500),
    );
    const write = fc.record({ stream, part, turns: fc.nat(3), restart: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 25 }), async (writes) => {
        using scratch = new Scratch();
        using tailed = new Tailed(scratch);
        const published: string[] = [];
        const follow = async (): Promise<void> => {
          for await (const news of reader) {
            for (const batch of news.batches)
              published.push(...batch.lines().map((line) => JSON.stringify(line)));
          }
        };
        using reader = bus.subscribe(1, { after: 0 });
        const followed = follow();
        for (const { stream, part, turns: count, restart } of writes) {
          scratch.write(stream, part);
          tailed.tailer.poke();
          await turns(count);
          if (restart) tailed.restart();
        }
        const totals = await tailed.tailer.drain();
        tailed[Symbol.dispose]();
        await followed;
        const { batches, lines, gaps } = await scratch.read();
        expect(gaps).toEqual([]);
        expect(lines.map((line) => line.seq)).toEqual(upTo(totals.lastSeq));
        for (const stream of ['STDOUT', 'STDERR'] as const) {
          const own = batches.filter((batch) => batch.stream === stream);
          const bytes = Buffer.concat(own.map((batch) => batch.bytes));
          expect(bytes.equals(scratch.bytesOf(stream)), stream).toBe(true);
          const texts = lines.filter((line) => line.stream === stream).map((line) => line.text);
          expect(texts.join('|') === (await textsOf(bytes)).join('|'), stream).toBe(true);
        }
        const inFiles = new Set(lines.map((line) => JSON.stringify(line)));
        expect(published.every((line) => inFiles.has(line))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('marks the time of what was written while the server was away as approximate', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch, { clock: () => 1_000 });
    scratch.write('STDOUT', 'before\n');
    tailed.tailer.poke();
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(1));
    scratch.write('STDOUT', 'away\n');
    tailed.restart({ clock: () => 2_000 });
    scratch.write('STDOUT', 'back\n');
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(3));
    scratch.write('STDOUT', 'later\n');
    await tailed.tailer.drain();
    const { lines } = await scratch.read();
    expect(lines.map(({ text, atApproximate, atMs }) => [text, atApproximate, atMs])).toEqual([
      ['before', false, 1_000],
      ['away', true, 2_000],
      // Read at once with what was there before: one batch has one time.
      ['back', true, 2_000],
      ['later', false, 2_000],
    ]);
  });

  it('tells the channel of an adopted job how far its log goes', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'one\ntwo\n');
    const former = new Tailed(scratch);
    await former.tailer.drain();
    former[Symbol.dispose]();
    using adopted = new Tailed(scratch, { resumed: true });
    expect(adopted.channel.lastSeq).toBe(2);
  });

  it('waits for a log file that comes later', async () => {
    using scratch = new Scratch();
    unlinkSync(scratch.directory.logPath('STDERR'));
    using tailed = new Tailed(scratch);
    await turns(3);
    scratch.write('STDERR', 'late\n');
    expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 1, stderrLines: 1 });
    expect(tailed.anomalies).toEqual([]);
  });

  it('goes on with a log file that was deleted while it reads it', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch);
    scratch.write('STDOUT', 'one\ntwo');
    unlinkSync(scratch.directory.logPath('STDOUT'));
    expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 2, stdoutBytes: 7 });
  });

  it('says once that a log file is missing that was there, and ends all the same', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'one\n');
    using tailed = new Tailed(scratch);
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(1));
    unlinkSync(scratch.directory.logPath('STDOUT'));
    tailed.restart();
    await turns(3);
    expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 1 });
    expect(tailed.anomalies).toEqual([{ kind: 'MISSING', stream: 'STDOUT' }]);
  });

  it('says once that a log file shrank, and goes on at its new end', async () => {
    using scratch = new Scratch();
    scratch.write('STDOUT', 'one\ntwo\n');
    using tailed = new Tailed(scratch);
    await vi.waitFor(() => expect(tailed.tailer.totals.lastSeq).toBe(2));
    truncateSync(scratch.directory.logPath('STDOUT'), 0);
    tailed.tailer.poke();
    await vi.waitFor(() => expect(tailed.anomalies).toHaveLength(1));
    scratch.write('STDOUT', 'three\n');
    expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 3 });
    expect(tailed.anomalies).toEqual([{ kind: 'SHRUNK', stream: 'STDOUT', offset: 0 }]);
  });

  it.each(['symbolic link', 'FIFO', 'directory'])(
    'refuses a log file that is a %s, says so once, and goes on with the other stream',
    async (kind) => {
      using scratch = new Scratch();
      const path = scratch.directory.logPath('STDERR');
      rmSync(path);
      if (kind === 'symbolic link') symlinkSync('/etc/passwd', path);
      if (kind === 'FIFO') execFileSync('mkfifo', [path]);
      if (kind === 'directory') execFileSync('mkdir', [path]);
      using tailed = new Tailed(scratch);
      scratch.write('STDOUT', 'one\n');
      await turns(3);
      expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 1, stdoutLines: 1, stderrBytes: 0 });
      expect((await scratch.read()).lines).toMatchObject([{ stream: 'STDOUT', text: 'one' }]);
      expect(tailed.anomalies).toEqual([{ kind: 'REFUSED', stream: 'STDERR' }]);
    },
  );

  it('goes on with a log file that is a regular file again', async () => {
    using scratch = new Scratch();
    const path = scratch.directory.logPath('STDOUT');
    renameSync(path, `${path}.away`);
    symlinkSync('/etc/passwd', path);
    using tailed = new Tailed(scratch);
    await vi.waitFor(() => expect(tailed.anomalies).toEqual([{ kind: 'REFUSED', stream: 'STDOUT' }]));
    unlinkSync(path);
    renameSync(`${path}.away`, path);
    scratch.write('STDOUT', 'one\n');
    expect(await tailed.tailer.drain()).toMatchObject({ lastSeq: 1, stdoutBytes: 4 });
    expect((await scratch.read()).lines).toMatchObject([{ text: 'one' }]);
  });

  it('refuses an index that is a symbolic link, and holds nothing open', () => {
    using scratch = new Scratch();
    symlinkSync('/etc/passwd', scratch.directory.indexPath);
    expect(() => new Tailed(scratch)).toThrow(LogFileRefusedError);
  });

  it('does nothing after its release, and fails a drain that waits', async () => {
    using scratch = new Scratch();
    const tailed = new Tailed(scratch);
    const drained = tailed.tailer.drain();
    tailed[Symbol.dispose]();
    await expect(drained).rejects.toThrow(LogDrainFailedError);
    tailed.tailer.poke();
    scratch.write('STDOUT', 'late\n');
    await turns(3);
    expect((await scratch.read()).lines).toEqual([]);
  });
});

describe('a tailer that cannot write its index', () => {
  it('publishes nothing of it, keeps its place, and goes on when it can', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch, { retryMs: 5 });
    // 2,500 lines are three batches; there is room for the header, one record, and half of another.
    scratch.write('STDOUT', 'line\n'.repeat(2_500));
    {
      using _limit = new FileSizeLimit(64 + 64 + 32);
      tailed.tailer.poke();
      await vi.waitFor(() => expect(tailed.anomalies).toMatchObject([{ kind: 'STALLED' }]));
      expect(tailed.channel.lastSeq).toBe(1_000);
      expect((await scratch.read()).lines).toHaveLength(1_000);
      expect(statSync(scratch.directory.indexPath).size).toBeGreaterThan(128);
    }
    await vi.waitFor(() => expect(tailed.channel.lastSeq).toBe(2_500));
    const { lines, gaps } = await scratch.read();
    expect(lines.map((line) => line.seq)).toEqual(upTo(2_500));
    expect(gaps).toEqual([]);
    expect(tailed.anomalies).toHaveLength(1);
  });

  it('keeps trying to drain for as long as it may, then fails with the cause', async () => {
    using scratch = new Scratch();
    using tailed = new Tailed(scratch, { retryMs: 5, drainRetryMs: 30 });
    scratch.write('STDOUT', 'line\n');
    using _limit = new FileSizeLimit(10);
    const failure = await tailed.tailer.drain().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LogDrainFailedError);
    expect((failure as LogDrainFailedError).cause).toMatchObject({ code: 'EFBIG' });
    expect(tailed.channel.lastSeq).toBe(0);
  });
});

/** No file of this process can grow beyond `bytes` while this is held: what a full disk does, without a disk. */
class FileSizeLimit implements Disposable {
  readonly #ignore = (): void => undefined;

  constructor(bytes: number) {
    process.on('SIGXFSZ', this.#ignore);
    this.#set(String(bytes));
  }

  [Symbol.dispose](): void {
    this.#set('unlimited');
    process.off('SIGXFSZ', this.#ignore);
  }

  #set(soft: string): void {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${soft}:`]);
  }
}
