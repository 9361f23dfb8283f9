import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CarriedStyles } from '../../console/app/log/carried-style.ts';
import { hitRuns } from '../../console/app/log/hit-runs.ts';
import { rangeIn, rangeText } from '../../console/app/log/line-range.ts';
import { lineRow } from '../../console/app/log/log-row.ts';
import { plainText, styledRuns } from '../../console/app/log/styled-text.ts';
import { commandText } from '../../console/app/ui/format.ts';
import { wordsOf } from '../../console/app/ui/words.ts';

/** Text as programs write it, and as attackers do. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b',
        '\u001b[',
        '\u001b]8;;',
        '\u0007',
        '\u001b\\',
        '\u009b',
        '31',
        'm',
        ';',
        '\r',
        '\u202e',
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('a line of a log', () => {
  it('keeps no control and nothing that reorders text, whatever is written', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(plainText(text)).not.toMatch(/[^\P{Cc}\t]|\p{Bidi_Control}|[\u2028\u2029]/u);
      }),
    );
  });

  it('shows the same text with hits in it, whatever they are and wherever', () => {
    const anyRanges = fc
      .uniqueArray(fc.nat(60), { maxLength: 8 })
      .map((places) => places.toSorted((one, other) => one - other))
      .map((places) =>
        places.flatMap((end, index) => (index % 2 === 1 ? [{ start: places[index - 1]!, end }] : [])),
      );
    fc.assert(
      fc.property(hostileText, anyRanges, (text, ranges) => {
        const runs = hitRuns(text, ranges);
        // Two characters that no text needs are not told apart from the marks of hits.
        const shown = plainText(text).replaceAll(/[\ufdd0\ufdd1]/g, '\ufffd');
        expect(runs.map((run) => run.text).join('')).toBe(shown);
      }),
    );
  });

  it('marks what was found, colours or not, and nothing that is not shown', () => {
    const found = (text: string, sought: string): string[] => {
      const start = text.indexOf(sought);
      return hitRuns(text, [{ start, end: start + sought.length }]).flatMap((run) =>
        run.isHit ? [run.text] : [],
      );
    };
    expect(found('one two three', 'two')).toEqual(['two']);
    expect(found('\u001b[31mone\u001b[0m two', 'e\u001b[0m t')).toEqual(['e', ' t']);
    expect(found('\u001b[31mone', '31')).toEqual([]);
    expect(found(' 10%\r 50%\r', '50')).toEqual(['50']);
    expect(found(' 10%\r 50%\r', '10')).toEqual([]);
  });

  it('keeps all that is no control', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(plainText(text)).toBe(text);
      }),
    );
  });

  it('is the last state of what lone CRs wrote over each other', () => {
    expect(plainText(' 10%\r 50%\r100%')).toBe('100%');
    expect(plainText('half\r')).toBe('half');
  });

  it('has colours of 16, 256 and 16 million, and weights', () => {
    expect(styledRuns('\u001b[1;32mok\u001b[0m \u001b[38;5;208mhm\u001b[48;2;1;2;3mno')).toMatchObject([
      { text: 'ok', classes: 'fg-green ansi-bold' },
      { text: ' ', classes: '' },
      { text: 'hm', color: 'rgb(255, 135, 0)' },
      { text: 'no', background: 'rgb(1, 2, 3)' },
    ]);
  });
});

describe('a look that a line does not end', () => {
  const looksOf = (lines: readonly [stream: 'STDOUT' | 'STDERR', text: string][], first = 0) => {
    const rows = lines.map(([stream, text], index) =>
      lineRow({ seq: index + 1, stream, text, at: '', atApproximate: false, continued: false }),
    );
    const carried = new CarriedStyles().before(rows, first, rows.length - 1);
    return lines
      .slice(first)
      .map(([, text], index) => styledRuns(text, carried[index]).map(({ classes }) => classes));
  };

  it('goes on in the next line of its stream, and ends where it is ended', () => {
    expect(
      looksOf([
        ['STDOUT', '\u001b[1;31mred'],
        ['STDERR', 'plain'],
        ['STDOUT', 'still\u001b[22m, thin'],
        ['STDOUT', 'red\u001b[0m, not'],
        ['STDOUT', 'plain'],
      ]),
    ).toEqual([['fg-red ansi-bold'], [''], ['fg-red ansi-bold', 'fg-red'], ['fg-red', ''], ['']]);
  });

  it('is looked for above the rows that are drawn, for a bounded number of rows', () => {
    const plain = (count: number) => Array.from({ length: count }, () => ['STDOUT', 'x'] as const);
    const red = ['STDOUT', '\u001b[31mred'] as const;
    expect(
      looksOf(
        [red, ...plain(20)].map((line) => [...line]),
        20,
      ),
    ).toEqual([['fg-red']]);
    expect(
      looksOf(
        [red, ...plain(600)].map((line) => [...line]),
        600,
      ),
    ).toEqual([['']]);
  });

  it('is that of all states that lone CRs wrote over each other', () => {
    expect(styledRuns('\u001b[32m 10%\r 50%')).toMatchObject([{ text: ' 50%', classes: 'fg-green' }]);
  });

  it('ends once, however often it was begun', () => {
    expect(styledRuns('\u001b[4m\u001b[4mon\u001b[24moff')).toMatchObject([
      { text: 'on', classes: 'ansi-underline' },
      { text: 'off', classes: '' },
    ]);
  });

  it('is the same as if the lines were one, whatever is written', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a',
        ' ',
        '\u001b[0m',
        '\u001b[m',
        '\u001b[39m',
        '\u001b[49m',
        '\u001b[22m',
        '\u001b[24m',
      ),
      fc.constantFrom(
        '\u001b[1m',
        '\u001b[4m',
        '\u001b[31m',
        '\u001b[97;44m',
        '\u001b[38;5;208m',
        '\u001b[48;2;1;2;3m',
      ),
    );
    const line = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const looks = (runs: ReturnType<typeof styledRuns>) =>
      runs.flatMap(({ text, classes, color, background }) =>
        Array.from(text, (letter) => [letter, classes.split(' ').sort().join(' '), color, background]),
      );
    fc.assert(
      fc.property(line, line, (one, other) => {
        const rows = [one, other].map((text, seq) =>
          lineRow({ seq, stream: 'STDOUT', text, at: '', atApproximate: false, continued: false }),
        );
        const [, carried] = new CarriedStyles().before(rows, 0, 1);
        expect(looks(styledRuns(other, carried))).toEqual(
          looks(styledRuns(one + other)).slice(looks(styledRuns(one)).length),
        );
      }),
    );
  });
});

describe('a command in a field', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => {
        expect(wordsOf(commandText(words))).toEqual(words);
      }),
    );
    expect(wordsOf(`make  test SUITE="end to end" a\\ b`)).toEqual([
      'make',
      'test',
      'SUITE=end to end',
      'a b',
    ]);
  });
});

describe('a link to lines', () => {
  it('is read as it was written, in either order', () => {
    expect(rangeIn('#L120-130')).toEqual({ from: 120, to: 130 });
    expect(rangeIn('#L130-120')).toEqual({ from: 120, to: 130 });
    expect(rangeIn('#L7')).toEqual({ from: 7, to: 7 });
    expect(rangeIn('#top')).toBeUndefined();
    expect(rangeText({ from: 3, to: 9 })).toBe('L3-9');
  });
});
