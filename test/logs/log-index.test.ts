import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogFileRefusedError, LogIndexRefusedError } from '../../src/logs/errors.ts';
import {
  decodeRecord,
  encodeHeader,
  encodeRecord,
  INDEX_RECORD_BYTES,
  type IndexRecord,
} from '../../src/logs/index-record.ts';
import { LogFiles } from '../../src/logs/log-files.ts';
import { LogIndexReader } from '../../src/logs/log-index-reader.ts';
import { LogIndexWriter } from '../../src/logs/log-index-writer.ts';
import { checkLeaks } from './leak-check.ts';
import { LogWriter } from './log-writer.ts';
import { Scratch, upTo } from './scratch.ts';

checkLeaks();

const exact = fc.maxSafeNat();
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyRecord: fc.Arbitrary<IndexRecord> = fc.record({
  firstSeq: exact,
  offset: exact,
  atMs: exact,
  otherEndOffset: exact,
  stdoutLines: exact,
  stderrLines: exact,
  lineCount: u32,
  byteLength: u32,
  stream: fc.constantFrom('STDOUT', 'STDERR'),
  ending: fc.constantFrom('NEWLINE', 'CONTINUED', 'END_OF_STREAM'),
  atApproximate: fc.boolean(),
  otherUnterminated: fc.boolean(),
});

describe('an index record', () => {
  it('is read as it was written, exact to 2^53', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const bytes = Buffer.alloc(3 * INDEX_RECORD_BYTES);
        encodeRecord(record, bytes, INDEX_RECORD_BYTES);
        expect(decodeRecord(bytes, INDEX_RECORD_BYTES)).toEqual(record);
        expect(bytes.subarray(2 * INDEX_RECORD_BYTES).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('is not trusted when any of its bits has changed', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(INDEX_RECORD_BYTES * 8 - 1), (record, bit) => {
        const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
        encodeRecord(record, bytes, 0);
        const at = Math.floor(bit / 8);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at);
        expect(decodeRecord(bytes)).toBeUndefined();
      }),
    );
  });

  it('is not read from zeros', () => {
    expect(decodeRecord(Buffer.alloc(INDEX_RECORD_BYTES))).toBeUndefined();
  });
});

describe('the writer of an index', () => {
  it('goes on behind the last whole record, wherever the tail was torn', async () => {
    using scratch = new Scratch();
    const { indexPath } = scratch.directory;
    using whole = new Scratch();
    {
      using writer = new LogWriter(whole);
      for (const lineCount of [3, 1, 2]) writer.write('STDOUT', lineCount);
    }
    const lastSeqs = [0, 3, 4, 6];
    for (let size = 0; size <= 4 * INDEX_RECORD_BYTES; size++) {
      copyFileSync(whole.directory.indexPath, indexPath);
      truncateSync(indexPath, size);
      const records = Math.max(0, Math.floor(size / INDEX_RECORD_BYTES) - 1);
      {
        using writer = new LogWriter(scratch);
        expect(writer.lastSeq, `torn at ${size}`).toBe(lastSeqs[records]);
        writer.write('STDERR', 1);
        expect(writer.lastSeq).toBe((lastSeqs[records] ?? 0) + 1);
      }
      using reader = LogIndexReader.open(indexPath, new LogFiles());
      expect(reader?.count).toBe(records + 1);
      expect((await reader?.records(0))?.every((record) => record !== undefined)).toBe(true);
    }
  });

  it('drops a damaged tail of any length', () => {
    using scratch = new Scratch();
    {
      using writer = new LogWriter(scratch);
      writer.write('STDOUT', 5);
    }
    appendFileSync(scratch.directory.indexPath, Buffer.alloc(3_000 * INDEX_RECORD_BYTES + 17));
    using writer = new LogWriter(scratch);
    expect(writer.lastSeq).toBe(5);
    expect(readFileSync(scratch.directory.indexPath)).toHaveLength(2 * INDEX_RECORD_BYTES);
  });

  it('refuses the index of another job, a newer version’s, and a symbolic link', () => {
    using scratch = new Scratch(1);
    const { indexPath } = scratch.directory;
    {
      using writer = new LogWriter(scratch);
      writer.write('STDOUT', 1);
    }
    expect(() => new LogIndexWriter(indexPath, 2)).toThrow(LogIndexRefusedError);
    const newer = encodeHeader(1);
    newer.write('LIFELOG2', 'latin1');
    newer.writeUInt32LE(crc32(newer.subarray(0, 60)), 60);
    const bytes = readFileSync(indexPath);
    writeFileSync(indexPath, Buffer.concat([newer, bytes.subarray(INDEX_RECORD_BYTES)]));
    expect(() => new LogIndexWriter(indexPath, 1)).toThrow(LogIndexRefusedError);
    writeFileSync(indexPath, bytes);
    const target = `${indexPath}.target`;
    copyFileSync(indexPath, target);
    unlinkSync(indexPath);
    symlinkSync(target, indexPath);
    expect(() => new LogIndexWriter(indexPath, 1)).toThrow(LogFileRefusedError);
  });
});

describe('the reader of an index', () => {
  it('finds any record, past damaged ones, like a search from the beginning', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(39), { maxLength: 12 }),
        async (lineCounts, damaged) => {
          using scratch = new Scratch();
          using writer = new LogWriter(scratch);
          for (const lineCount of lineCounts) writer.write('STDOUT', lineCount);
          const bytes = readFileSync(scratch.directory.indexPath);
          for (const position of damaged) {
            if (position < lineCounts.length)
              bytes.writeUInt8(
                bytes.readUInt8((position + 1) * INDEX_RECORD_BYTES) ^ 1,
                (position + 1) * INDEX_RECORD_BYTES,
              );
          }
          writeFileSync(scratch.directory.indexPath, bytes);
          using reader = LogIndexReader.open(scratch.directory.indexPath, new LogFiles());
          if (reader === undefined) throw new Error('no index');
          const all = await reader.records(0);
          for (const seq of upTo(writer.lastSeq + 1, 0)) {
            const expected = all.findIndex(
              (record) => record !== undefined && record.firstSeq + record.lineCount > seq,
            );
            const place = await reader.firstWhere((record) => record.firstSeq + record.lineCount > seq);
            expect(place?.found.position ?? -1).toBe(expected);
            if (place !== undefined) {
              expect(all.slice(place.from, expected).every((record) => record === undefined)).toBe(true);
              expect(place.from === 0 || all[place.from - 1] !== undefined).toBe(true);
            }
          }
          expect(await reader.last()).toEqual(all.findLast((record) => record !== undefined));
        },
      ),
      { numRuns: 60 },
    );
  });
});
