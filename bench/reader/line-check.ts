import type { StreamShape } from './read-order.ts';

/** What stands in an event whose lines were found to go on exactly where the one before ended. */
export interface CheckedLines {
  readonly lines: number;
  /** When each was written, in µs of the shared clock; empty where that is not looked at. */
  readonly writtenAtUs: readonly number[];
}

export interface LineCheckOptions {
  readonly shape: StreamShape;
  readonly textCycle: number;
  readonly takesLatencies: boolean;
}

const NO_LINES: CheckedLines = { lines: 0, writtenAtUs: [] };
const ZERO = 0x30;

/**
 * Holds every line of an event against what must come next: its seq, and the number that its writer put into its text.
 * It knows nothing of Lifeline's own cursors.
 */
export class LineCheck {
  readonly #options: LineCheckOptions;

  constructor(options: LineCheckOptions) {
    this.#options = options;
  }

  /** @throws Error that says which line is wrong */
  check(event: string, firstSeq: number): CheckedLines {
    const { shape, textCycle } = this.#options;
    // Some servers send an empty line first, so that their head goes out.
    if (shape.kind === 'text') return this.#checkTexts(event.replace(/^\n/, ''), '', firstSeq);
    const lines = count(event, shape.seqKey, firstSeq, Number.MAX_SAFE_INTEGER);
    if (lines === 0) {
      if (event.includes('"errors":')) throw new Error(`an error: ${event.slice(0, 400)}`);
      if (event.includes(shape.textKey)) throw new Error('a text without a seq');
      return NO_LINES;
    }
    const texts = this.#options.takesLatencies
      ? this.#checkTexts(event, shape.textKey, firstSeq)
      : { lines: count(event, shape.textKey, firstSeq, textCycle), writtenAtUs: [] };
    if (texts.lines !== lines) throw new Error(`${texts.lines} texts for ${lines} seqs from ${firstSeq}`);
    return texts;
  }

  #checkTexts(event: string, key: string, firstSeq: number): CheckedLines {
    const separator = key === '' ? '\n' : key;
    const writtenAtUs: number[] = [];
    let lines = 0;
    let at = key === '' ? 0 : event.indexOf(key);
    while (at !== -1 && at + key.length < event.length) {
      const expected = ((firstSeq + lines - 1) % this.#options.textCycle) + 1;
      at += key.length;
      const found = Number.parseInt(event.slice(at, at + 16), 10);
      if (found !== expected) throw new Error(`line ${found} where ${expected} should be`);
      if (this.#options.takesLatencies)
        writtenAtUs.push(Number(event.slice(event.indexOf(' ', at) + 1, at + 25).split(' ', 1)[0]));
      lines++;
      at = event.indexOf(separator, at);
      if (key === '' && at !== -1) at++;
    }
    return { lines, writtenAtUs };
  }
}

/** How often `key` is there, each time followed by the next number. @throws Error where another number follows */
function count(event: string, key: string, firstSeq: number, cycle: number): number {
  let found = 0;
  for (let at = event.indexOf(key); at !== -1; at = event.indexOf(key, at)) {
    at += key.length;
    let number = 0;
    for (let digit = event.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9;) {
      number = number * 10 + digit;
      digit = event.charCodeAt(++at) - ZERO;
    }
    const expected = ((firstSeq + found - 1) % cycle) + 1;
    if (number !== expected) throw new Error(`${key}${number} where ${expected} should be`);
    found++;
  }
  return found;
}
