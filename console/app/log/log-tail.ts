import { endOf, type LogRow } from './log-row.ts';

/** The newest rows that have come, so that a reader who returns to the end needs not ask for them. */
export class LogTail {
  readonly #maxRows: number;
  #rows: LogRow[] = [];
  /** Everything up to this seq is before the tail. */
  #beginsAfter: number;

  constructor(beginsAfter: number, maxRows: number) {
    this.#beginsAfter = beginsAfter;
    this.#maxRows = maxRows;
  }

  get rows(): readonly LogRow[] {
    return this.#rows;
  }

  /** Whether nothing is missing between what ends at `seq` and this. */
  isReachedBy(seq: number): boolean {
    return seq >= this.#beginsAfter;
  }

  add(rows: readonly LogRow[]): void {
    const all = [...this.#rows, ...rows];
    const dropped = all.length - this.#maxRows;
    const lastDropped = all[dropped - 1];
    if (lastDropped !== undefined) this.#beginsAfter = endOf(lastDropped);
    this.#rows = dropped > 0 ? all.slice(dropped) : all;
  }
}
