import type { LogRow } from './log-row.ts';
import { colourCodesOf } from './styled-text.ts';
import { NO_STYLE, sequenceOf, styleAfter } from './terminal-style.ts';

/** A colour is looked for so many rows above at most: what a program forgot to end does not colour all that follows. */
const LOOK_BACK_ROWS = 500;

/** With which look each row begins: the one in which the row before it of the same stream ended. */
export class CarriedStyles {
  /** A row is looked at once, however often it is drawn. */
  readonly #codes = new WeakMap<LogRow, readonly string[]>();

  /** Of the rows from `first` to `last`, in their order: a sequence of the terminal, or nothing. */
  before(rows: readonly LogRow[], first: number, last: number): readonly string[] {
    const open = { STDOUT: NO_STYLE, STDERR: NO_STYLE };
    const before: string[] = [];
    for (let index = Math.max(0, first - LOOK_BACK_ROWS); index <= last; index += 1) {
      const row = rows[index];
      if (row?.kind !== 'line') {
        if (index >= first) before.push('');
        continue;
      }
      const { stream } = row.line;
      if (index >= first) before.push(sequenceOf(open[stream]));
      open[stream] = this.#codesOf(row, row.line.text).reduce(styleAfter, open[stream]);
    }
    return before;
  }

  #codesOf(row: LogRow, text: string): readonly string[] {
    const known = this.#codes.get(row);
    if (known !== undefined) return known;
    const codes = colourCodesOf(text);
    this.#codes.set(row, codes);
    return codes;
  }
}
