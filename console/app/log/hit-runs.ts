import type { HitRanges } from './log-finder.ts';
import {
  carriedOver,
  HIT_BEGIN,
  HIT_END,
  lastState,
  type StyledRun,
  styledRuns,
  TERMINAL_SEQUENCES,
} from './styled-text.ts';

/** A run of text, and whether it was looked for. */
export interface HitRun extends StyledRun {
  readonly isHit: boolean;
}

const MARKS = new RegExp(`[${HIT_BEGIN}${HIT_END}]`, 'g');

/** As `styledRuns`, with hits apart. What is found within a sequence that is not shown is not shown, either. */
export function hitRuns(line: string, ranges: HitRanges, carried = ''): readonly HitRun[] {
  const shown = lastState(line);
  const marked = withMarks(shown.text.replaceAll(MARKS, '\ufffd'), ranges, shown.start);
  let isHit = false;
  return styledRuns(marked, carriedOver(carried, line.slice(0, shown.start))).flatMap(({ text, ...look }) =>
    text.split(new RegExp(`(${HIT_BEGIN}|${HIT_END})`)).flatMap((piece) => {
      if (piece === HIT_BEGIN || piece === HIT_END) {
        isHit = piece === HIT_BEGIN;
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
    const wanted = Math.min(text.length, Math.max(0, offset - start));
    // Not between the halves of one character.
    const place = (text.codePointAt(wanted - 1) ?? 0) > 0xffff ? wanted + 1 : wanted;
    return sequences.find(({ from, to }) => from < place && place < to)?.to ?? place;
  };
  let marked = '';
  let written = 0;
  for (const range of ranges) {
    const from = outside(range.start);
    const to = outside(range.end);
    if (to <= from) continue;
    marked += `${text.slice(written, from)}${HIT_BEGIN}${text.slice(from, to)}${HIT_END}`;
    written = to;
  }
  return marked + text.slice(written);
}
