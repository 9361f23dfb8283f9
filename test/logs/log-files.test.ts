import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogFiles, type LogFileLease } from '../../src/logs/log-files.ts';
import type { LogItem } from '../../src/logs/log-item.ts';
import { checkLeaks, scratchDescriptors } from './leak-check.ts';
import { LogWriter } from './log-writer.ts';
import { Scratch, upTo } from './scratch.ts';

checkLeaks();

describe('the files of logs', () => {
  it('are opened once, however many read them, and closed with the last', async () => {
    using scratch = new Scratch();
    {
      using writer = new LogWriter(scratch);
      writer.write('STDOUT', 5);
      writer.write('STDERR', 5);
    }
    const files = new LogFiles();
    const readers = await Promise.all(
      Array.from({ length: 200 }, () => JobLogReader.open(scratch.directory, files)),
    );
    const logs = await Promise.all(readers.map((reader) => reader.readAfter(0)));
    for (const items of logs)
      expect(items.flatMap((item) => ('lines' in item ? item.lines() : [])).map(({ seq }) => seq)).toEqual(
        upTo(10),
      );
    expect(scratchDescriptors()).toHaveLength(3);
    for (const reader of readers.slice(1)) reader[Symbol.dispose]();
    expect(await readers[0]!.readAfter(5)).not.toEqual([]);
    readers[0]![Symbol.dispose]();
    expect([files.size, scratchDescriptors()]).toEqual([0, []]);
  });

  it('give those who read the same place the same batches, until nobody has the file', async () => {
    using scratch = new Scratch();
    {
      using writer = new LogWriter(scratch);
      for (let batch = 0; batch < 50; batch++) writer.write('STDOUT', 20);
    }
    const files = new LogFiles();
    const read = async (): Promise<readonly LogItem[]> => {
      using reader = await JobLogReader.open(scratch.directory, files);
      return await reader.readAfter(0);
    };
    const first = await read();
    {
      using other = await JobLogReader.open(scratch.directory, files);
      using another = await JobLogReader.open(scratch.directory, files);
      for (const reader of [other, another]) await reader.readAfter(0);
      const [one, two, three] = await Promise.all([read(), read(), other.readAfter(0)]);
      expect(one).toHaveLength(50);
      for (const [index, item] of one.entries()) {
        expect(two[index]).toBe(item);
        expect(three[index]).toBe(item);
        expect(first[index]).not.toBe(item);
      }
    }
    // Another file may be in its place.
    const later = await read();
    expect(later[0]).not.toBe(first[0]);
    expect(later).toEqual(first);
  });

  it('are read again where what was read of them was not what the index says', async () => {
    using scratch = new Scratch();
    {
      using writer = new LogWriter(scratch);
      writer.write('STDOUT', 20);
    }
    const path = scratch.directory.logPath('STDOUT');
    const whole = readFileSync(path);
    const files = new LogFiles();
    using one = await JobLogReader.open(scratch.directory, files);
    using other = await JobLogReader.open(scratch.directory, files);
    writeFileSync(path, '');
    for (const reader of [one, other, one])
      expect(await reader.readAfter(0)).toEqual([{ gap: { fromSeq: 1, toSeq: 20, reason: 'DAMAGED' } }]);
    writeFileSync(path, whole);
    for (const reader of [one, other]) expect(await reader.readAfter(0)).toMatchObject([{ lineCount: 20 }]);
  });

  it('lose no line where whoever reads for others is let go meanwhile', async () => {
    using scratch = new Scratch();
    {
      using writer = new LogWriter(scratch);
      for (let batch = 0; batch < 50; batch++) writer.write('STDOUT', 20);
    }
    const files = new LogFiles();
    using staying = await JobLogReader.open(scratch.directory, files);
    await staying.readAfter(999);
    for (let round = 0; round < 20; round++) {
      const leaving = await JobLogReader.open(scratch.directory, files);
      const lost = leaving.readAfter(0);
      const kept = staying.readAfter(0);
      if (round % 2 === 0) await Promise.resolve();
      leaving[Symbol.dispose]();
      const items = await kept;
      expect(items.flatMap((item) => ('lines' in item ? item.lines() : [])).map(({ seq }) => seq)).toEqual(
        upTo(1_000),
      );
      await lost;
    }
  });

  it('are open exactly while somebody holds them, in whatever order they are let go, once or twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('STDOUT', 'STDERR'), fc.nat(9), fc.boolean()), { maxLength: 60 }),
        (steps) => {
          using scratch = new Scratch();
          const files = new LogFiles();
          const held = new Map<string, LogFileLease>();
          for (const [stream, place, isOpening] of steps) {
            const key = `${stream} ${String(place)}`;
            if (isOpening && !held.has(key)) {
              const lease = files.open(scratch.directory.logPath(stream));
              if (lease !== undefined) held.set(key, lease);
            } else {
              held.get(key)?.[Symbol.dispose]();
              held.get(key)?.[Symbol.dispose]();
              held.delete(key);
            }
            const streams = new Set([...held.keys()].map((name) => name.split(' ')[0]));
            expect(files.size).toBe(streams.size);
            expect(scratchDescriptors()).toHaveLength(streams.size);
          }
          for (const lease of held.values()) lease[Symbol.dispose]();
          expect(files.size).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('give nothing for a path where none is, and nothing after the release', async () => {
    using scratch = new Scratch();
    const files = new LogFiles();
    expect(files.open(`${scratch.root}/nothing`)).toBeUndefined();
    scratch.write('STDOUT', 'text');
    const lease = files.open(scratch.directory.logPath('STDOUT'));
    expect((await lease?.read(0, 4))?.toString()).toBe('text');
    lease?.[Symbol.dispose]();
    expect([lease?.size(), (await lease?.read(0, 4))?.length]).toEqual([0, 0]);
  });
});
