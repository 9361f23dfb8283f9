import { lineText, type SoakPlan } from './plan.ts';

/** A line as a reader is given it, or a piece of one: `continued` where the next of its stream goes on with it. */
export interface Piece {
  readonly seq: number;
  readonly stream: 'STDOUT' | 'STDERR';
  readonly text: string;
  readonly continued: boolean;
}

/**
 * Holds what a reader is given against what its program wrote, a line at a time: a line that a program was held up in comes in
 * pieces, which have a number each and are one text. A full disk and a kill tear a line, and then it is the last.
 */
export class WrittenLines {
  readonly #plan: SoakPlan;
  readonly #numbers = { STDOUT: 0, STDERR: 0 };
  readonly #begun = { STDOUT: '', STDERR: '' };
  /** After a gap: how many pieces are in it is not said, and so not which line comes next. */
  #isLost = false;
  #torn: string | null = null;
  #inPieces = 0;

  constructor(plan: SoakPlan) {
    this.#plan = plan;
  }

  /** Whole lines of both streams. */
  get count(): number {
    return this.#numbers.STDOUT + this.#numbers.STDERR;
  }

  get inPieces(): number {
    return this.#inPieces;
  }

  /** What is no whole line at the end; `null` where there is nothing. */
  get torn(): string | null {
    if (this.#torn !== null) return this.#torn;
    const rest = this.#begun.STDOUT + this.#begun.STDERR;
    return rest === '' ? null : `an end without a newline: ${rest}`;
  }

  /** A gap: only a flood has any, and it is on one stream. */
  skip(): void {
    this.#isLost = true;
    this.#begun.STDOUT = '';
  }

  /** @returns what is wrong with it; `null` where it is what was written, or may be the last of what was */
  take({ seq, stream, text, continued }: Piece): string | null {
    if (this.#torn !== null) return `${this.#torn}, and line ${seq} comes after it`;
    if (this.#isLost) return this.#findAgain(seq, text, continued);
    const whole = this.#begun[stream] + text;
    const isPiece = continued || this.#begun[stream] !== '';
    if (isPiece) this.#inPieces += 1;
    this.#begun[stream] = continued ? whole : '';
    const number = this.#numbers[stream] + 1;
    const expected = lineText(this.#plan, stream, number);
    if (continued ? expected.startsWith(whole) : whole === expected) {
      if (!continued) this.#numbers[stream] = number;
      return null;
    }
    const said = `line ${seq} of ${stream} is ${whole} and not ${expected}`;
    if (!expected.startsWith(whole)) return said;
    this.#torn = said;
    return null;
  }

  /** The first whole line after a gap says itself which it is; it comes after the last one, and each line before it had a number. */
  #findAgain(seq: number, text: string, continued: boolean): string | null {
    const number = Number(text);
    const before = this.#numbers.STDOUT;
    if (continued || text !== lineText(this.#plan, 'STDOUT', number)) {
      // The end of one whose beginning is in the gap, or a piece of one.
      return /^\d*$/.test(text) && text.length < this.#plan.width
        ? null
        : `line ${seq} after a gap is ${text}`;
    }
    if (number <= before || number > seq) return `line ${seq} is ${text}, and ${before} were before it`;
    this.#isLost = false;
    this.#numbers.STDOUT = number;
    return null;
  }
}
