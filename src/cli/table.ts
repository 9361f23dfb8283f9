import type { OutputStream } from './output-stream.ts';
import { styled } from './style.ts';

/** A cell: its text, and what colours it. */
export interface Cell {
  readonly text: string;
  readonly style?: ((text: string) => string) | undefined;
}

const GAP = '  ';
const SHORTEST_LAST_COLUMN = 12;

/**
 * Rows in columns, each as wide as its widest cell. On a terminal the last column is cut to fit the line; elsewhere nothing
 * is cut. Known gap: a character counts as one column, so wide ones shift what is right of them.
 * @param rows of as many cells as there are headings
 */
export function table(
  output: OutputStream,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const heading = headings.map((text): Cell => ({ text, style: (shown) => styled(output, 'bold', shown) }));
  const widths = headings.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => widthOf(row[column]?.text ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = Math.max(SHORTEST_LAST_COLUMN, (output.columns ?? Infinity) - before);
  return [heading, ...rows].map((row) => `${line(row, widths, room)}\n`).join('');
}

function line(row: readonly Cell[], widths: readonly number[], room: number): string {
  return row
    .map(({ text, style = (shown) => shown }, column) => {
      if (column === row.length - 1) return style(cut(text, room));
      // Colours have no width: the padding stays outside of them.
      return style(text) + ' '.repeat((widths[column] ?? 0) - widthOf(text));
    })
    .join(GAP)
    .trimEnd();
}

function widthOf(text: string): number {
  return Array.from(text).length;
}

function cut(text: string, room: number): string {
  const characters = Array.from(text);
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}
