import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventSize } from '../../src/logs/event-size.ts';
import { LogBatch } from '../../src/logs/log-batch.ts';
import { textBytes, upTo } from './scratch.ts';

function batchOf(texts: readonly string[], firstSeq: number): LogBatch {
  return new LogBatch({
    firstSeq,
    lineCount: texts.length,
    stream: 'STDOUT',
    offset: 0,
    atMs: 0,
    atApproximate: false,
    ending: 'NEWLINE',
    bytes: textBytes(texts),
  });
}

/** What is left of batches behind a cursor. */
function behind(batches: readonly LogBatch[], seq: number): LogBatch[] {
  return batches.filter(({ lastSeq }) => lastSeq > seq).map((batch) => batch.after(seq));
}

describe('the size of events', () => {
  it('begins small, grows to that of a batch, and leaves out no line', () => {
    const lineLength = fc.oneof(fc.nat(30), fc.nat(3_000), fc.constant(65_536));
    const batchTexts = fc.array(lineLength, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(batchTexts, { minLength: 1, maxLength: 8 }), (lengths) => {
        let firstSeq = 1;
        const batches = lengths.map((batchLengths) => {
          const batch = batchOf(
            batchLengths.map((length) => 'x'.repeat(length)),
            firstSeq,
          );
          firstSeq = batch.lastSeq + 1;
          return batch;
        });
        const size = new EventSize();
        const seen: string[] = [];
        let maxBytes = 8 * 1024;
        for (let cursor = 0; cursor < firstSeq - 1;) {
          const event = size.fitting(behind(batches, cursor));
          const lines = event.flatMap((batch) => batch.lines());
          expect(lines.map(({ seq }) => seq)).toEqual(upTo(cursor + lines.length, cursor + 1));
          const bytes = event.reduce((sum, { byteLength }) => sum + byteLength, 0);
          expect(lines.length === 1 || bytes <= maxBytes).toBe(true);
          expect(lines.length).toBeGreaterThan(0);
          seen.push(...lines.map(({ text }) => text));
          cursor += lines.length;
          size.grow();
          maxBytes = Math.min(256 * 1024, maxBytes * 2);
        }
        expect(seen.map(({ length }) => length)).toEqual(lengths.flat());
      }),
    );
  });

  it('is at most 31 lines at first, and gives whole batches as they are once it has grown', () => {
    const batch = batchOf(upTo(1_000).map(String), 1);
    const size = new EventSize();
    expect(size.fitting([batch])[0]?.lines()).toHaveLength(31);
    for (let times = 0; times < 10; times++) size.grow();
    expect(size.fitting([batch])[0]).toBe(batch);
    expect(size.fitting([batch, batch])).toEqual([batch]);
  });
});
