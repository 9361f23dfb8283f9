import type { LogLine } from '../domain/log-line.ts';
import type { LogGap } from './log-item.ts';

/** Lines have up to 64 KiB, so that a bound by their number alone would let a page have 64 MB. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/** Collects the lines of a page as they come, by ascending seq, and keeps the first or the last that fit; at least one. */
export class PageLines {
  readonly #keep: 'first' | 'last';
  readonly #lines: LogLine[] = [];
  #gaps: LogGap[] = [];
  #byteCount = 0;
  #isCut = false;

  constructor(keep: 'first' | 'last') {
    this.#keep = keep;
  }

  get lines(): LogLine[] {
    return this.#lines;
  }

  /** Of lines that are not on the page, none is told. */
  get gaps(): readonly LogGap[] {
    return this.#gaps;
  }

  /** Whether there were lines that did not fit. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Whether nothing that comes now can be on the page. */
  get isComplete(): boolean {
    return this.#isCut && this.#keep === 'first';
  }

  addGap(gap: LogGap): void {
    if (!this.isComplete) this.#gaps.push(gap);
  }

  add(line: LogLine): void {
    if (this.isComplete) return;
    const byteCount = Buffer.byteLength(line.text);
    const fits = this.#byteCount + byteCount <= MAX_PAGE_BYTES || this.#lines.length === 0;
    if (!fits) this.#isCut = true;
    if (!fits && this.#keep === 'first') return;
    this.#lines.push(line);
    this.#byteCount += byteCount;
    while (this.#byteCount > MAX_PAGE_BYTES && this.#lines.length > 1) this.#dropFirst();
  }

  #dropFirst(): void {
    const dropped = this.#lines.shift();
    if (dropped === undefined) return;
    this.#byteCount -= Buffer.byteLength(dropped.text);
    this.#gaps = this.#gaps.filter(({ toSeq }) => toSeq > dropped.seq);
  }
}
