import { BoundedCache } from '../domain/bounded-cache.ts';
import type { LogLine, LogStream } from '../domain/log-line.ts';

/**
 * What stands behind the last line of a batch: a newline; nothing, and the next batch of the stream goes on with the
 * line (`CONTINUED`); nothing, and nothing ever follows (`END_OF_STREAM`).
 */
export type BatchEnding = 'NEWLINE' | 'CONTINUED' | 'END_OF_STREAM';

export interface LogBatchFields {
  /** The seq of the first line. */
  readonly firstSeq: number;
  /** At least 1. */
  readonly lineCount: number;
  readonly stream: LogStream;
  /** Where the bytes begin in the file of the stream. */
  readonly offset: number;
  /** When the server read the bytes, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly atApproximate: boolean;
  readonly ending: BatchEnding;
  /** As the program wrote them, but for secrets, which are masked; `lineCount` lines. Never changed after this. */
  readonly bytes: Buffer;
}

const NEWLINE = 0x0a;
/** Two for each kind of readers of one log at the same time: its lines, and events that end with it; more make theirs anew. */
const MOST_DERIVED = 8;
/** Places at which readers of one batch stand at the same time. */
const MOST_PARTS = 4;
const LINES = {};

/** A run of consecutive lines of one stream that were read at once. Immutable, and shared by all who read it. */
export class LogBatch implements LogBatchFields {
  readonly firstSeq: number;
  readonly lineCount: number;
  readonly stream: LogStream;
  readonly offset: number;
  readonly atMs: number;
  readonly atApproximate: boolean;
  readonly ending: BatchEnding;
  readonly bytes: Buffer;
  /** Made when the first reader asks, so that a log that nobody reads costs no text. */
  #derived: BoundedCache<object, object> | undefined;
  #parts: BoundedCache<LogBatch> | undefined;

  constructor(fields: LogBatchFields) {
    this.firstSeq = fields.firstSeq;
    this.lineCount = fields.lineCount;
    this.stream = fields.stream;
    this.offset = fields.offset;
    this.atMs = fields.atMs;
    this.atApproximate = fields.atApproximate;
    this.ending = fields.ending;
    this.bytes = fields.bytes;
  }

  get lastSeq(): number {
    return this.firstSeq + this.lineCount - 1;
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /**
   * What is made of the batch once for all who ask with this key; it must depend on the batch and the key alone. The newest
   * few are kept.
   */
  derive<Derived extends object>(key: object, make: () => Derived): Derived {
    this.#derived ??= new BoundedCache(MOST_DERIVED);
    return this.#derived.getOrMake(key, make);
  }

  /**
   * The bytes as text, in the lines' order. A newline is never part of a longer UTF-8 sequence, so that splitting after
   * decoding is the same as before, and far faster.
   */
  text(): string {
    return this.bytes.toString('utf8');
  }

  /**
   * The lines, decoded once. The `\r` of a `\r\n` is trimmed; a lone one, blank lines, NUL and a byte order mark are kept;
   * invalid UTF-8 becomes U+FFFD.
   */
  lines(): readonly LogLine[] {
    return this.derive(LINES, () => decodeLines(this));
  }

  /**
   * The rest of the batch behind the line `seq`; the batch itself where all of it is behind.
   * @throws RangeError if nothing is left.
   */
  after(seq: number): LogBatch {
    if (seq < this.firstSeq) return this;
    if (seq >= this.lastSeq) throw new RangeError(`Line ${seq} is not before the last of its batch.`);
    return this.#part(`after ${String(seq)}`, () => {
      const skipped = seq - this.firstSeq + 1;
      let start = 0;
      for (let line = 0; line < skipped; line++) start = this.bytes.indexOf(NEWLINE, start) + 1;
      return new LogBatch({
        firstSeq: seq + 1,
        lineCount: this.lineCount - skipped,
        stream: this.stream,
        offset: this.offset + start,
        atMs: this.atMs,
        atApproximate: this.atApproximate,
        ending: this.ending,
        bytes: this.bytes.subarray(start),
      });
    });
  }

  /** The first lines, as many as fit; at least one. The batch itself where all of it fits. */
  head(maxLines: number, maxBytes: number): LogBatch {
    let lineCount = 0;
    let end = 0;
    while (lineCount < this.lineCount - 1) {
      const lineEnd = this.bytes.indexOf(NEWLINE, end) + 1;
      if (lineCount > 0 && (lineCount === maxLines || lineEnd > maxBytes)) break;
      lineCount++;
      end = lineEnd;
    }
    const restFits = lineCount < maxLines && this.byteLength <= maxBytes;
    if (lineCount === 0 || (lineCount === this.lineCount - 1 && restFits)) return this;
    return this.#part(
      `first ${String(lineCount)}`,
      () =>
        new LogBatch({
          firstSeq: this.firstSeq,
          lineCount,
          stream: this.stream,
          offset: this.offset,
          atMs: this.atMs,
          atApproximate: this.atApproximate,
          ending: 'NEWLINE',
          bytes: this.bytes.subarray(0, end),
        }),
    );
  }

  /** Readers that came together ask for the same parts, and share what is derived of them. The newest few are kept. */
  #part(name: string, make: () => LogBatch): LogBatch {
    this.#parts ??= new BoundedCache(MOST_PARTS);
    return this.#parts.getOrMake(name, make);
  }
}

function decodeLines(batch: LogBatch): readonly LogLine[] {
  const { firstSeq, stream, atMs, atApproximate, ending } = batch;
  const texts = batch.text().split('\n');
  if (ending === 'NEWLINE') texts.pop();
  const last = texts.length - 1;
  return texts.map((text, index) => {
    const hasNewline = index < last || ending === 'NEWLINE';
    return {
      seq: firstSeq + index,
      stream,
      text: hasNewline && text.endsWith('\r') ? text.slice(0, -1) : text,
      atMs,
      atApproximate,
      continued: index === last && ending === 'CONTINUED',
    };
  });
}
