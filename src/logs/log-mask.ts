import { spellingsOf } from './secret-spellings.ts';

const NEWLINE = 0x0a;
const STAR = 0x2a;

/**
 * Masks the secrets of one job in the bytes of one stream: each byte of a hit becomes `*`, but newlines stay, so that lengths,
 * lines and seqs are those of the file. Hits may overlap and lie within each other: what is masked is all of them.
 *
 * Whether a byte is masked depends on no byte that is further away than `contextBytes`. So a piece of a stream is masked
 * exactly where it is looked at with so many bytes before and behind it, however it was cut; and at the end of a stream that
 * grows, what lies before `undecidedFrom` is decided.
 * Known gap: it finds spellings, not meanings (secret-spellings.ts has the list).
 */
export class LogMask {
  readonly contextBytes: number;
  readonly #patterns: readonly Pattern[];

  private constructor(patterns: readonly Buffer[]) {
    this.#patterns = patterns.map((bytes) => ({ bytes, borders: bordersOf(bytes) }));
    this.contextBytes = Math.max(...patterns.map(({ length }) => length)) - 1;
  }

  /** `null` where there are none, so that nobody pays for what is not there. */
  static of(secrets: readonly string[]): LogMask | null {
    const patterns = secrets.flatMap(spellingsOf);
    return patterns.length === 0 ? null : new LogMask(patterns);
  }

  /** The same mask again, for another thread. @param spellings of the former */
  static ofSpellings(spellings: readonly Uint8Array[]): LogMask {
    return new LogMask(spellings.map((bytes) => Buffer.from(bytes)));
  }

  get spellings(): readonly Uint8Array[] {
    return this.#patterns.map(({ bytes }) => bytes);
  }

  /** The same bytes where nothing is hit, a masked copy otherwise. */
  applied(bytes: Buffer): Buffer {
    let masked = bytes;
    for (const { bytes: pattern } of this.#patterns) {
      let maskedTo = 0;
      for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at + 1)) {
        if (masked === bytes) masked = Buffer.from(bytes);
        const end = at + pattern.length;
        cover(masked, Math.max(at, maskedTo), end);
        maskedTo = end;
      }
    }
    return masked;
  }

  /** As `applied`, and what may be the beginning of a hit is masked, too: for a text of which nothing more is looked at. */
  appliedToPart(bytes: Buffer): Buffer {
    const from = this.undecidedFrom(bytes);
    const masked = this.applied(bytes);
    if (from === bytes.length) return masked;
    const covered = masked === bytes ? Buffer.from(bytes) : masked;
    cover(covered, from, covered.length);
    return covered;
  }

  /** Where the longest end of the bytes begins that may be the beginning of a hit; their length where there is none. */
  undecidedFrom(bytes: Buffer): number {
    return bytes.length - Math.max(...this.#patterns.map((pattern) => begunBytes(pattern, bytes)));
  }
}

interface Pattern {
  readonly bytes: Buffer;
  /** Of each beginning of it: the length of the longest shorter beginning that it ends with (Knuth, Morris, Pratt 1977). */
  readonly borders: Int32Array;
}

function cover(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++) if (bytes[at] !== NEWLINE) bytes[at] = STAR;
}

function bordersOf(pattern: Buffer): Int32Array {
  const borders = new Int32Array(pattern.length);
  let length = 0;
  for (let at = 1; at < pattern.length; at++) {
    while (length > 0 && pattern[at] !== pattern[length]) length = borders[length - 1] ?? 0;
    if (pattern[at] === pattern[length]) length++;
    borders[at] = length;
  }
  return borders;
}

/** How many bytes at the end are the longest beginning of the pattern that is not all of it. */
function begunBytes({ bytes: pattern, borders }: Pattern, bytes: Buffer): number {
  let length = 0;
  for (let at = Math.max(0, bytes.length - pattern.length + 1); at < bytes.length; at++) {
    while (length > 0 && bytes[at] !== pattern[length]) length = borders[length - 1] ?? 0;
    if (bytes[at] === pattern[length]) length++;
  }
  return length;
}
