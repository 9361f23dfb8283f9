import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmlessLine, harmlessText } from '../../src/cli/harmless-text.ts';
import { jsonText } from '../../src/cli/json-text.ts';
import { shellWords } from '../../src/cli/shell-words.ts';

// The oracle looks at code points one by one, and at colours by a parser of its own; it shares nothing with the code.

/** Text that is rich in what terminals act on: whole and broken sequences between any characters and bytes. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => new TextDecoder().decode(bytes)),
      fc.constantFrom(
        '\x1b',
        '\x1b[',
        '\x1b]',
        '\x1bP',
        '\x9b',
        '\x9d',
        '\x07',
        '\x1b\\',
        '\r',
        '\n',
        '\t',
        '\b',
        '\x7f',
        'm',
        ';',
        '31',
        '\x1b[0m',
        '\x1b[1;31m',
        '\x1b[38:2::1:2:3m',
        '\x1b[>4;2m',
        '\x1b[?4m',
        '\x1b[2J',
        '\x1b]0;title\x07',
        '\x1b]8;;http://example.org\x1b\\',
        '\x1b]52;c;aGk=\x07',
        '\u202e',
        '\u2066',
        '\u2028',
        '\u{e0041}',
        '\ud800',
      ),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

function isControl(code: number): boolean {
  if (code < 0x20) return code !== 0x0a && code !== 0x09;
  if (code >= 0x7f && code < 0xa0) return true;
  if ([0x061c, 0x200e, 0x200f, 0x2028, 0x2029].includes(code)) return true;
  return (
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069) ||
    (code >= 0xe0000 && code <= 0xe007f)
  );
}

/** The text without `ESC [ digits ; : m`; everything else that begins with ESC stays. */
function withoutColours(text: string): string {
  let rest = '';
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\x1b' && text[index + 1] === '[') {
      let end = index + 2;
      while ('0123456789;:'.includes(text[end] ?? 'x')) end++;
      if (text[end] === 'm') {
        index = end;
        continue;
      }
    }
    rest += text[index]!;
  }
  return rest;
}

function controlsIn(text: string): string[] {
  return Array.from(text).filter((character) => isControl(character.codePointAt(0)!));
}

describe('harmless text', () => {
  it('has no control but newline, tab and colour, whatever comes', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(controlsIn(withoutColours(harmlessText(text, { colours: true })))).toEqual([]);
        expect(controlsIn(harmlessText(text, { colours: false }))).toEqual([]);
        expect(harmlessLine(text)).not.toMatch(/[\n\t]/);
        expect(controlsIn(shellWords([text, text]))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('keeps every harmless character and hides none that it replaces', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const plain = withoutColours(text);
        const shown = harmlessText(text, { colours: false });
        const kept = Array.from(plain)
          .filter((character) => !isControl(character.codePointAt(0)!))
          .join('');
        const wanted = Array.from(plain).length - Array.from(kept).length;
        const pictures = shown.match(/[\u2400-\u2421]|<U\+[0-9A-F]{4,6}>/g) ?? [];
        const before = plain.match(/[\u2400-\u2421]|<U\+[0-9A-F]{4,6}>/g) ?? [];
        // A long run of digits is more than a colour may have; it is shown then.
        fc.pre(!/\x1b\[[0-9;:]{65,}m/.test(text));
        expect(pictures.length - before.length).toBe(wanted);
      }),
    );
  });

  it('is the same text where there is nothing to fear', () => {
    const text = 'naïve 日本語 👩‍👩‍👧 \ttab\nשלום';
    expect(harmlessText(text, { colours: false })).toBe(text);
  });

  it('shows what a terminal would have done', () => {
    const shown = (text: string) => harmlessText(text, { colours: true });
    expect(shown('\x1b]0;title\x07')).toBe('␛]0;title␇');
    expect(shown('\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\')).toBe('␛]8;;http://x␛\\link␛]8;;␛\\');
    expect(shown('\x9b2J\u202e')).toBe('<U+009B>2J<U+202E>');
    expect(shown('\x1b[31mred\x1b[0m\x1b[2K')).toBe('\x1b[31mred\x1b[0m␛[2K');
    expect(shown('\x1b[>4;2m')).toBe('␛[>4;2m');
    expect(harmlessText('\x1b[31mred\x1b[0m', { colours: false })).toBe('red');
  });
});

describe('JSON text', () => {
  it('means the same and has no control, whatever comes', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const written = jsonText({ text });
        expect(JSON.parse(written)).toEqual({ text });
        expect(controlsIn(written)).toEqual([]);
        expect(written).not.toMatch(/[\n\t]/);
        // As UTF-8, which is how it leaves.
        expect(JSON.parse(Buffer.from(written).toString())).toEqual({ text });
      }),
      { numRuns: 2_000 },
    );
  });
});
