import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogFiles, type LogFileLease } from '../../src/logs/log-files.ts';
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
