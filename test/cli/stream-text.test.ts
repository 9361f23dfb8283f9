import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamText } from '../../src/cli/stream-text.ts';

const PLAIN = { raw: false, colours: false, timestamps: false };
const at = '2026-01-31T12:00:00.000Z';

/** The pieces of one line, as they would be shown one after another. */
function shown(pieces: readonly string[], options = PLAIN): string {
  const text = new StreamText(options);
  return pieces
    .map((piece, index) => text.render({ text: piece, at, continued: index < pieces.length - 1 }))
    .join('');
}

describe('the text of a stream', () => {
  it.each([
    ['a line', ['abc'], 'abc\n'],
    ['an empty line', [''], '\n'],
    ['the pieces of a line', ['abc', 'def', ''], 'abcdef\n'],
    ['a progress bar', ['10%\r20%\r100%'], '10%\n20%\n100%\n'],
    ['one that returns first', ['\r10%\r20%'], '10%\n20%\n'],
    ['one that returns last', ['10%\r20%\r'], '10%\n20%\n'],
    ['several returns in a row', ['a\r\r\rb\r\r'], 'a\nb\n'],
    ['nothing but returns', ['\r\r'], '\n'],
    ['a return between two pieces', ['10%\r', '20%'], '10%\n20%\n'],
    ['returns on both sides of a cut', ['10%\r', '\r20%'], '10%\n20%\n'],
    ['a return before the end of the line', ['10%\r', ''], '10%\n'],
  ])('shows %s', (_, pieces, expected) => {
    expect(shown(pieces)).toBe(expected);
  });

  it('loses nothing but returns, and never has two line ends for one, however the line is cut', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', '\r') });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (pieces) => {
        const text = shown(pieces);
        expect(text.replaceAll('\n', '')).toBe(pieces.join('').replaceAll('\r', ''));
        expect(text).toBe(shown([pieces.join('')]));
        expect(text.endsWith('\n')).toBe(true);
        expect(text.slice(0, -1)).not.toMatch(/^\n|\n\n|\n$/);
      }),
    );
  });

  it('begins each line that is seen with its time, and no piece', () => {
    const options = { ...PLAIN, timestamps: true };
    expect(shown(['a', 'b\rc'], options)).toBe(`${at} ab\n${at} c\n`);
    expect(shown([''], options)).toBe(`${at} \n`);
  });

  it('is what the program wrote where it is raw', () => {
    expect(shown(['10%\r\x1b[2K', '20%\x07'], { ...PLAIN, raw: true })).toBe('10%\r\x1b[2K20%\x07\n');
  });
});
