import type { TakeBytes } from './http-body.ts';

const LF = 0x0a;

/** Cuts a body into whole events (ended by an empty line) or, of plain text, into stretches of whole lines. */
export class EventSplitter {
  readonly #kind: 'sse' | 'text';
  readonly #take: TakeBytes;
  /** The beginning of an event whose end has not come. */
  #rest = Buffer.alloc(0);
  #restLength = 0;

  constructor(kind: 'sse' | 'text', take: TakeBytes) {
    this.#kind = kind;
    this.#take = take;
  }

  push(bytes: Buffer, start: number, end: number): void {
    if (this.#restLength === 0) {
      this.#keep(bytes, this.#cut(bytes, start, end, start), end);
      return;
    }
    const before = this.#restLength;
    this.#keep(bytes, start, end);
    // The line end before an empty line may have come with the part before.
    const next = this.#cut(this.#rest, 0, this.#restLength, Math.max(0, before - 1));
    if (next === 0) return;
    this.#rest.copyWithin(0, next, this.#restLength);
    this.#restLength -= next;
  }

  /** @returns where the rest begins */
  #cut(bytes: Buffer, start: number, end: number, searchFrom: number): number {
    if (this.#kind === 'text') {
      const last = bytes.subarray(0, end).lastIndexOf(LF);
      if (last < start) return start;
      this.#take(bytes, start, last + 1);
      return last + 1;
    }
    // What the buffer holds behind the end is of an earlier read.
    const valid = bytes.subarray(0, end);
    let eventStart = start;
    for (let at = valid.indexOf('\n\n', searchFrom, 'latin1'); at !== -1;) {
      this.#take(bytes, eventStart, at);
      eventStart = at + 2;
      at = valid.indexOf('\n\n', eventStart, 'latin1');
    }
    return eventStart;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const length = this.#restLength + end - start;
    if (length > this.#rest.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#rest.copy(larger, 0, 0, this.#restLength);
      this.#rest = larger;
    }
    bytes.copy(this.#rest, this.#restLength, start, end);
    this.#restLength = length;
  }
}
