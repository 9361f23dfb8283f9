import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogBatch } from '../../src/logs/log-batch.ts';
import {
  cutEnd,
  cutIdle,
  cutLines,
  MAX_BATCH_BYTES,
  MAX_BATCH_LINES,
  MAX_PIECE_BYTES,
  type Cut,
} from '../../src/logs/line-cutter.ts';

interface Piece {
  readonly text: string;
  readonly continued: boolean;
}

/** Cuts a stream that arrives in pieces, as the tailer does: what is not cut yet is looked at again with what follows. */
function cutAsItArrives(bytes: Buffer, arrivals: readonly number[]): LogBatch[] {
  const batches: LogBatch[] = [];
  let start = 0;
  const take = (cuts: readonly Cut[]): void => {
    const from = start;
    for (const cut of cuts) {
      expect(from + cut.start).toBe(start);
      const piece = bytes.subarray(from + cut.start, from + cut.end);
      batches.push(batchOf(piece, cut));
      start = from + cut.end;
    }
  };
  for (const end of [...arrivals].sort((one, other) => one - other)) {
    take(cutLines(bytes.subarray(start, Math.max(start, end))));
  }
  take(cutEnd(bytes.subarray(start)));
  return batches;
}

function batchOf(bytes: Buffer, { lineCount, ending }: Pick<Cut, 'lineCount' | 'ending'>): LogBatch {
  const rest = { firstSeq: 1, stream: 'STDOUT', offset: 0, atMs: 0, atApproximate: false } as const;
  return new LogBatch({ ...rest, lineCount, ending, bytes });
}

function piecesOf(batches: readonly LogBatch[]): Piece[] {
  return batches.flatMap((batch) => batch.lines().map(({ text, continued }) => ({ text, continued })));
}

/** The lines of the whole stream, each decoded by itself, by another decoder. */
function naiveLines(bytes: Buffer): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const lines: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0x0a) continue;
    const hasReturn = at > start && bytes[at - 1] === 0x0d;
    lines.push(decoder.decode(bytes.subarray(start, hasReturn ? at - 1 : at)));
    start = at + 1;
  }
  if (start < bytes.length) lines.push(decoder.decode(bytes.subarray(start)));
  return lines;
}

/** Puts the pieces of long lines together again. */
function joined(pieces: readonly Piece[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const { text, continued } of pieces) {
    line += text;
    if (continued) continue;
    lines.push(line);
    line = '';
  }
  expect(line).toBe('');
  return lines;
}

const units = ['a', '\n', '\r', '\r\n', '\0', 'é', '€', '😀', '\ufeff', 'line\n', '\n\n'].map((text) =>
  Buffer.from(text),
);
const broken = ['ff', 'e282', 'c3', 'f09f98', 'eda080', 'f08080', '80', 'c0af', 'f4908080'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const unit = fc.constantFrom(...units, ...broken);
const shortStream = fc.array(unit, { maxLength: 60 }).map((parts) => Buffer.concat(parts));
/** Runs of one unit, so that limits are met in every alignment. */
const longStream = fc
  .array(fc.tuple(unit, fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 65_520, max: 65_545 }))), {
    maxLength: 7,
  })
  .map((runs) => Buffer.concat(runs.flatMap(([bytes, times]) => Array<Buffer>(times).fill(bytes))));
const arrivals = fc.array(fc.nat(), { maxLength: 12 });

function checkStream(bytes: Buffer, chosen: readonly number[]): void {
  const atOnce = cutAsItArrives(bytes, []);
  const inParts = cutAsItArrives(
    bytes,
    chosen.map((place) => place % (bytes.length + 1)),
  );
  // Compared outside of `expect`, which is slow with texts of this length.
  expect(isDeepStrictEqual(piecesOf(inParts), piecesOf(atOnce)), 'same pieces').toBe(true);
  expect(isDeepStrictEqual(joined(piecesOf(inParts)), naiveLines(bytes)), 'same text').toBe(true);
  expect(Buffer.concat(inParts.map((batch) => batch.bytes)).equals(bytes)).toBe(true);
  for (const batch of inParts) {
    expect(batch.lines()).toHaveLength(batch.lineCount);
    expect(batch.lineCount).toBeLessThanOrEqual(MAX_BATCH_LINES);
    expect(batch.byteLength).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(
      batch
        .lines()
        .slice(0, -1)
        .some((line) => line.continued),
    ).toBe(false);
  }
}

describe('cutting lines', () => {
  it('gives the same lines and bytes however a stream arrives', () => {
    fc.assert(fc.property(shortStream, arrivals, checkStream), { numRuns: 1_000 });
  });

  it('gives the same lines and bytes however a stream with very long lines arrives', () => {
    fc.assert(fc.property(longStream, arrivals, checkStream), { numRuns: 25 });
  });

  it('splits a line only where its text is longer than 64 KiB', () => {
    const piecesFor = (bytes: Buffer): number[] =>
      piecesOf(cutAsItArrives(bytes, [])).map((piece) => piece.text.length);
    const text = (length: number): string => 'x'.repeat(length);
    expect(piecesFor(Buffer.from(`${text(MAX_PIECE_BYTES - 1)}\n`))).toEqual([MAX_PIECE_BYTES - 1]);
    expect(piecesFor(Buffer.from(`${text(MAX_PIECE_BYTES)}\n`))).toEqual([MAX_PIECE_BYTES]);
    expect(piecesFor(Buffer.from(`${text(MAX_PIECE_BYTES)}\r\n`))).toEqual([MAX_PIECE_BYTES]);
    expect(piecesFor(Buffer.from(text(MAX_PIECE_BYTES)))).toEqual([MAX_PIECE_BYTES]);
    expect(piecesFor(Buffer.from(`${text(MAX_PIECE_BYTES)}\r`))).toEqual([MAX_PIECE_BYTES, 1]);
    expect(piecesFor(Buffer.from(`${text(MAX_PIECE_BYTES + 1)}\n`))).toEqual([MAX_PIECE_BYTES, 1]);
    expect(piecesFor(Buffer.from(`${text(MAX_PIECE_BYTES - 1)}\rx\n`))).toEqual([MAX_PIECE_BYTES - 1, 2]);
  });

  it('never splits a code point of a long line', () => {
    for (const [character, size] of [
      ['é', 2],
      ['€', 3],
      ['😀', 4],
    ] as const) {
      for (let shift = 0; shift < size; shift++) {
        const line = 'x'.repeat(shift) + character.repeat(MAX_PIECE_BYTES / size + 10);
        const pieces = piecesOf(cutAsItArrives(Buffer.from(`${line}\n`), []));
        expect(pieces).toHaveLength(2);
        expect(pieces.map((piece) => piece.text).join('')).toBe(line);
        expect(pieces[0]?.text).not.toContain('\ufffd');
      }
    }
  });

  it('puts at most 1,000 lines into a batch', () => {
    const counts = cutLines(Buffer.from('\n'.repeat(2_500))).map((cut) => cut.lineCount);
    expect(counts).toEqual([1_000, 1_000, 500]);
  });
});

describe('a line that waits for its newline', () => {
  it.each([
    ['? ', '? '],
    ['50%\r', '50%'],
    ['\r', undefined],
    ['', undefined],
    ['a€'.slice(0, 1), 'a'],
  ])('is delivered as far as it is certain: %j', (text, delivered) => {
    const rest = Buffer.from(text);
    const cut = cutIdle(rest);
    expect(cut === undefined ? undefined : rest.toString('utf8', cut.start, cut.end)).toBe(delivered);
  });

  it('holds back the beginning of a code point, and only that', () => {
    const endOf = (hex: string): number | undefined => cutIdle(Buffer.from(hex, 'hex'))?.end;
    expect(endOf('61e282')).toBe(1);
    expect(endOf('61e282ac')).toBe(4);
    expect(endOf('61f09f98')).toBe(1);
    expect(endOf('f09f98')).toBeUndefined();
    // Never valid, whatever follows: not worth waiting for.
    expect(endOf('61eda0')).toBe(3);
    expect(endOf('61ff')).toBe(2);
  });
});
