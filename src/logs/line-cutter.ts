import type { BatchEnding } from './log-batch.ts';
import { incompleteTail } from './utf8.ts';

// Why pure functions of "the bytes since the last cut": the tailer reads those from the file again until they are cut, so
// that there is no state to lose, and how a line is cut cannot depend on how its bytes arrived (idle cuts excepted).

/** The most bytes of text in one piece of a line; its line end comes on top. */
export const MAX_PIECE_BYTES = 64 * 1024;
/** The most lines in one batch. */
export const MAX_BATCH_LINES = 1_000;
/** The most bytes in one batch. */
export const MAX_BATCH_BYTES = 256 * 1024;

/** A batch found in some bytes: `[start, end)` in them. The first one starts at 0, each starts where the one before ends. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly lineCount: number;
  readonly ending: BatchEnding;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cuts what can be cut whatever follows: complete lines, and the full pieces of lines longer than 64 KiB.
 * What is behind the last cut is the beginning of a line, at most 64 KiB and a `\r`.
 * @param bytes The stream from the last cut on.
 */
export function cutLines(bytes: Buffer): Cut[] {
  const batches = new BatchCollector();
  let lineStart = 0;
  let newline = bytes.indexOf(NEWLINE);
  while (lineStart < bytes.length) {
    const textEnd = newline === -1 ? bytes.length : newline;
    // Until its successor is known, a \r may be half of a line end that does not count.
    const uncounted = textEnd > lineStart && bytes[textEnd - 1] === RETURN ? 1 : 0;
    if (textEnd - uncounted - lineStart > MAX_PIECE_BYTES) {
      lineStart = batches.add(pieceEnd(bytes, lineStart), 'CONTINUED');
      continue;
    }
    if (newline === -1) break;
    lineStart = batches.add(newline + 1, 'NEWLINE');
    newline = bytes.indexOf(NEWLINE, lineStart);
  }
  return batches.finish();
}

/**
 * Cuts off a prompt: what has stood behind the last cut for a while, as a piece that goes on. An incomplete UTF-8 sequence
 * and a `\r` at its end are held back. Nothing where that leaves nothing.
 * @param rest What `cutLines` left.
 */
export function cutIdle(rest: Buffer): Cut | undefined {
  let end = rest.length - incompleteTail(rest, rest.length);
  if (end > 0 && rest[end - 1] === RETURN) end--;
  return end === 0 ? undefined : { start: 0, end, lineCount: 1, ending: 'CONTINUED' };
}

/**
 * Cuts everything: nothing follows.
 * @param bytes The stream from the last cut on.
 */
export function cutEnd(bytes: Buffer): Cut[] {
  const cuts = cutLines(bytes);
  let start = cuts.at(-1)?.end ?? 0;
  // 64 KiB and a \r that no newline followed: the \r is text after all, and one byte too much.
  if (bytes.length - start > MAX_PIECE_BYTES) {
    const end = pieceEnd(bytes, start);
    cuts.push({ start, end, lineCount: 1, ending: 'CONTINUED' });
    start = end;
  }
  if (start < bytes.length) cuts.push({ start, end: bytes.length, lineCount: 1, ending: 'END_OF_STREAM' });
  return cuts;
}

/** Where the first piece of a long line ends: not within a code point, and not behind a `\r` where that can be avoided. */
function pieceEnd(bytes: Buffer, lineStart: number): number {
  const limit = lineStart + MAX_PIECE_BYTES;
  const end = limit - incompleteTail(bytes, limit);
  return bytes[end - 1] === RETURN ? end - 1 : end;
}

/** Gathers lines into batches within their limits. A piece that goes on ends its batch. */
class BatchCollector {
  readonly #cuts: Cut[] = [];
  #start = 0;
  #end = 0;
  #lineCount = 0;

  /** @returns the end of the line, where the next one starts. */
  add(lineEnd: number, ending: 'NEWLINE' | 'CONTINUED'): number {
    if (this.#lineCount === MAX_BATCH_LINES || lineEnd - this.#start > MAX_BATCH_BYTES)
      this.#close('NEWLINE');
    this.#lineCount++;
    this.#end = lineEnd;
    if (ending === 'CONTINUED') this.#close(ending);
    return lineEnd;
  }

  finish(): Cut[] {
    this.#close('NEWLINE');
    return this.#cuts;
  }

  #close(ending: BatchEnding): void {
    if (this.#lineCount === 0) return;
    this.#cuts.push({ start: this.#start, end: this.#end, lineCount: this.#lineCount, ending });
    this.#start = this.#end;
    this.#lineCount = 0;
  }
}
