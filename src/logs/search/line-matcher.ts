import { RE2JS } from 're2js';
import { InvalidInputError } from '../../domain/errors.ts';
import { MAX_RANGES, type SoughtPattern, type TextRange } from './line-search.ts';

const MAX_PATTERN_LENGTH = 1_000;
/** The time for a line grows with this. */
const MAX_PROGRAM_SIZE = 1_000;
/** What is given to the engine at once: strings of this size are made and forgotten cheaply. */
const PIECE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** They look at more than their line where several are looked at at once. */
const BEYOND_LINE = /\\[AzZ]|\(\?[a-zA-Z]*-/;

/** The bytes of a batch, and the same with small letters where the case does not matter. */
export interface SoughtBytes {
  readonly bytes: Buffer;
  readonly folded: Buffer;
}

/** Finds a pattern in lines. A line is what readers get as one: without its line end, a piece of a long one by itself. */
export interface LineMatcher {
  /** Whether it needs `folded`; it is `bytes` otherwise. */
  readonly needsFolded: boolean;
  /** Whether one of the lines may have it; cheap. */
  mayBeIn(sought: SoughtBytes): boolean;
  /** Which of the lines have it: 0 for the first one. Ascending. */
  linesIn(sought: SoughtBytes): readonly number[];
  rangesIn(text: string): readonly TextRange[];
}

/** @throws InvalidInputError */
export function lineMatcher(pattern: SoughtPattern): LineMatcher {
  const { text, kind } = pattern;
  if (text === '') throw refusal('A search needs something to look for.');
  if (text.length > MAX_PATTERN_LENGTH)
    throw refusal(`A pattern can have ${String(MAX_PATTERN_LENGTH)} characters at most.`);
  if (text.includes('\n'))
    throw refusal('A pattern is looked for in each line: it cannot go over line ends.');
  const ignoresCase = pattern.ignoresCase ?? !hasCapitals(pattern);
  if (kind === 'REGEX') return new RegexMatcher(text, ignoresCase);
  // What is decoded is no more the bytes of the file: a line end's \r is gone, and U+FFFD stands for anything.
  const isInBytes = !/[\r\ufffd\p{Cs}]/u.test(text) && (!ignoresCase || isAscii(text));
  return isInBytes ? new TextMatcher(text, ignoresCase) : new RegexMatcher(RE2JS.quote(text), ignoresCase);
}

function refusal(message: string): InvalidInputError {
  return new InvalidInputError(message, 'pattern');
}

function hasCapitals({ text, kind }: SoughtPattern): boolean {
  return /\p{Lu}/u.test(kind === 'TEXT' ? text : text.replaceAll(/\\(?:[pP]\{[^}]*\}|.)|\(\?P?</gsu, ''));
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/**
 * Looks for the bytes of the text, before anything is decoded. That is exact: no character of UTF-8 begins within another, also
 * where bytes that are none stand between them. Without case, that of A to Z does not matter.
 */
class TextMatcher implements LineMatcher {
  readonly needsFolded: boolean;
  readonly #needle: Buffer;
  readonly #text: string;

  constructor(text: string, ignoresCase: boolean) {
    this.needsFolded = ignoresCase;
    this.#text = ignoresCase ? lowered(text) : text;
    this.#needle = Buffer.from(this.#text);
  }

  mayBeIn({ folded }: SoughtBytes): boolean {
    return folded.includes(this.#needle);
  }

  linesIn({ bytes, folded }: SoughtBytes): readonly number[] {
    const lines: number[] = [];
    let line = 0;
    let newline = bytes.indexOf(NEWLINE);
    for (let at = folded.indexOf(this.#needle); at !== -1;) {
      for (; newline !== -1 && newline < at; line++) newline = bytes.indexOf(NEWLINE, newline + 1);
      lines.push(line);
      if (newline === -1) break;
      at = folded.indexOf(this.#needle, newline + 1);
    }
    return lines;
  }

  rangesIn(text: string): readonly TextRange[] {
    const ranges: TextRange[] = [];
    const where = this.needsFolded ? lowered(text) : text;
    let start = where.indexOf(this.#text);
    while (start !== -1 && ranges.length < MAX_RANGES) {
      const end = start + this.#text.length;
      ranges.push({ start, end });
      start = where.indexOf(this.#text, end);
    }
    return ranges;
  }
}

/** Of A to Z alone: other letters may have another length when they are small. */
function lowered(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * RE2 syntax, in time that grows with the length of the text and no faster. Some lines at once are looked at first, with `^` and
 * `$` at each of them: what is found in one line is found there, too. Only where something is, each line is looked at by itself.
 */
class RegexMatcher implements LineMatcher {
  readonly needsFolded = false;
  readonly #inLine: RE2JS;
  readonly #inLines: RE2JS | null;

  constructor(text: string, ignoresCase: boolean) {
    const flags = ignoresCase ? RE2JS.CASE_INSENSITIVE : 0;
    this.#inLine = compiled(text, flags);
    this.#inLines = BEYOND_LINE.test(text) ? null : compiled(text, flags | RE2JS.MULTILINE);
  }

  mayBeIn(): boolean {
    return true;
  }

  linesIn({ bytes }: SoughtBytes): readonly number[] {
    const lines: number[] = [];
    let line = 0;
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, Math.min(start + PIECE_BYTES, bytes.length - 1));
      const end = newline === -1 ? bytes.length : newline + 1;
      const texts = textsOf(bytes.subarray(start, end));
      if (this.#inLines?.test(texts.join('\n')) !== false) {
        for (const [index, text] of texts.entries()) if (this.#inLine.test(text)) lines.push(line + index);
      }
      line += texts.length;
      start = end;
    }
    return lines;
  }

  rangesIn(text: string): readonly TextRange[] {
    const ranges: TextRange[] = [];
    const matcher = this.#inLine.matcher(text);
    while (ranges.length < MAX_RANGES && matcher.find()) {
      const range = { start: matcher.start(), end: matcher.end() };
      if (range.end > range.start) ranges.push(range);
    }
    return ranges;
  }
}

/** The lines of some bytes that begin with one, as readers get them. */
function textsOf(bytes: Buffer): string[] {
  const hasNewline = bytes.at(-1) === NEWLINE;
  const texts = bytes.toString('utf8').split('\n');
  if (hasNewline) texts.pop();
  if (!bytes.includes(RETURN)) return texts;
  const last = texts.length - 1;
  return texts.map((text, index) =>
    (index < last || hasNewline) && text.endsWith('\r') ? text.slice(0, -1) : text,
  );
}

function compiled(text: string, flags: number): RE2JS {
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(text, flags);
  } catch (error) {
    throw refusal(
      `The pattern is not in RE2 syntax: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (pattern.programSize() > MAX_PROGRAM_SIZE) throw refusal('The pattern repeats too much.');
  return pattern;
}
