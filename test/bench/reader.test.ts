import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_FIELDS } from '../../bench/documents/all-fields.ts';
import { eventText, plainLine } from '../../bench/documents/document.ts';
import { TWO_FIELDS } from '../../bench/documents/two-fields.ts';
import { FILE_LINES, textOf } from '../../bench/harness/lines-file.ts';
import { EventSplitter } from '../../bench/reader/event-splitter.ts';
import { HttpBody } from '../../bench/reader/http-body.ts';
import { LineCheck } from '../../bench/reader/line-check.ts';
import { VerifiedEvents } from '../../bench/reader/verified-events.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const document = fc.constantFrom(ALL_FIELDS, TWO_FIELDS);
const batchSizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
/** Where the network cuts what was written. */
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 40 });

/** Reads an answer as a reader of the benchmark does, in pieces. @returns how many lines were found right */
function readAll(from: typeof ALL_FIELDS, events: readonly string[], pieceSizes: readonly number[]): number {
  const check = new LineCheck({ shape: from.shape, textCycle: FILE_LINES, takesLatencies: false });
  const verified = new VerifiedEvents(check, true);
  const answer = Buffer.from(HEAD + events.map(chunk).join('') + chunk(''));
  let lines = 0;
  // Each event twice, so that the comparison with one that was read is used, too.
  for (let reader = 0; reader < 2; reader++) {
    lines = 0;
    const splitter = new EventSplitter('sse', (bytes, start, end) => {
      lines += verified.take(bytes, start, end, lines + 1).lines;
    });
    const body = new HttpBody(
      () => undefined,
      (bytes, start, end) => {
        splitter.push(bytes, start, end);
      },
    );
    const shared = Buffer.alloc(1_000, '\n');
    for (let at = 0, piece = 0; at < answer.length; piece++) {
      const length = answer.copy(shared, 0, at, at + (pieceSizes[piece % pieceSizes.length] ?? 1));
      body.push(shared, length);
      at += length;
    }
    expect(body.ended).toBe(true);
  }
  return lines;
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function eventsOf(from: typeof ALL_FIELDS, sizes: readonly number[]): string[] {
  let seq = 0;
  return sizes.map((size) =>
    eventText(
      from,
      Array.from({ length: size }, () => plainLine(++seq, textOf(seq), 0)),
    ),
  );
}

describe('a reader of the benchmark', () => {
  it('finds every line, however the network cuts the bytes', () => {
    fc.assert(
      fc.property(document, batchSizes, cuts, (from, sizes, pieces) => {
        const lines = sizes.reduce((sum, size) => sum + size, 0);
        expect(readAll(from, [':\n\n', ...eventsOf(from, sizes)], pieces)).toBe(lines);
      }),
    );
  });

  it('notices an event that is lost or comes twice', () => {
    fc.assert(
      fc.property(document, batchSizes, fc.nat(), fc.boolean(), (from, sizes, place, isLost) => {
        const events = eventsOf(from, [...sizes, 1, 1]);
        const at = place % (events.length - 1);
        const wrong = isLost ? events.toSpliced(at, 1) : events.toSpliced(at, 0, events[at]!);
        expect(() => readAll(from, wrong, [500])).toThrow('should be');
      }),
    );
  });

  it('notices a line that is lost within an event, and a text that is not its own', () => {
    const lines = [1, 2, 3].map((seq) => plainLine(seq, textOf(seq), 0));
    const lost = eventText(ALL_FIELDS, lines.toSpliced(1, 1));
    expect(() => readAll(ALL_FIELDS, [lost], [500])).toThrow('"seq":3 where 2 should be');
    const foreign = eventText(ALL_FIELDS, [lines[0]!, plainLine(2, textOf(3), 0)]);
    expect(() => readAll(ALL_FIELDS, [foreign], [500])).toThrow('"text":"3 where 2 should be');
  });

  it('notices an error in the place of lines', () => {
    const refused = 'event: next\ndata: {"errors":[{"message":"no"}]}\n\n';
    expect(() => readAll(ALL_FIELDS, [refused], [500])).toThrow('an error');
    expect(() => readAll(ALL_FIELDS, [], [500])).not.toThrow();
  });
});
