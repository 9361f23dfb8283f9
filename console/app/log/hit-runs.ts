import { carriedOver } from './carried-style.ts';
import type { HitRanges } from './log-finder.ts';
import { lastState, type StyledRun, styledRuns, TERMINAL_SEQUENCES } from './styled-text.ts';

/** A run of text, and whether it was looked for. */
export interface HitRun extends StyledRun {
  readonly isHit: boolean;
}

/** Characters of Unicode that stand for nothing, so that no text needs them: where a hit begins, and where it ends. */
const BEGIN = '\ufdd0';
const END = '\ufdd1';
const MARKS = new RegExp(`[${BEGIN}${END}]`, 'g');

/** As `styledRuns`, with hits apart. What is found within a sequence that is not shown is not shown, either. */
export function hitRuns(line: string, ranges: HitRanges, carried = ''): readonly HitRun[] {
  const shown = lastState(line);
  const marked = withMarks(shown.text.replaceAll(MARKS, '\ufffd'), ranges, shown.start);
  let isHit = false;
  return styledRuns(marked, carriedOver(carried, line.slice(0, shown.start))).flatMap(({ text, ...look }) =>
    text.split(new RegExp(`(${BEGIN}|${END})`)).flatMap((piece) => {
      if (piece === BEGIN || piece === END) {
        isHit = piece === BEGIN;
        return [];
      }
      return piece === '' ? [] : [{ text: piece, ...look, isHit }];
    }),
  );
}

/** @param start where the text begins in that of the ranges */
function withMarks(text: string, ranges: HitRanges, start: number): string {
  const sequences = [...text.matchAll(TERMINAL_SEQUENCES)].map(({ 0: found, index }) => ({
    from: index,
    to: index + found.length,
  }));
  const outside = (offset: number): number => {
    const place = Math.min(text.length, Math.max(0, offset - start));
    return sequences.find(({ from, to }) => from < place && place < to)?.to ?? place;
  };
  let marked = '';
  let written = 0;
  for (const range of ranges) {
    const from = outside(range.start);
    const to = outside(range.end);
    if (to <= from) continue;
    marked += `${text.slice(written, from)}${BEGIN}${text.slice(from, to)}${END}`;
    written = to;
  }
  return marked + text.slice(written);
}
