import type { CheckedLines, LineCheck } from './line-check.ts';

/** Of the events that were read line by line, so many bytes are kept to compare others with. */
const KEPT_BYTES = 64 * 1024 * 1024;

interface VerifiedEvent extends CheckedLines {
  readonly bytes: Buffer;
}

/**
 * Makes the check of a thousand readers of one stream cheap and keeps it whole: an event is read line by line, unless it
 * is byte for byte one that was, at the same seq.
 */
export class VerifiedEvents {
  readonly #check: LineCheck;
  readonly #isShared: boolean;
  readonly #bySeq = new Map<number, VerifiedEvent[]>();
  #keptBytes = 0;
  sample = '';

  constructor(check: LineCheck, isShared: boolean) {
    this.#check = check;
    this.#isShared = isShared;
  }

  /** @throws Error as LineCheck.check */
  take(bytes: Buffer, start: number, end: number, firstSeq: number): CheckedLines {
    if (this.#isShared) {
      for (const verified of this.#bySeq.get(firstSeq) ?? []) {
        if (verified.bytes.length === end - start && verified.bytes.compare(bytes, start, end) === 0)
          return verified;
      }
    }
    const text = bytes.toString('latin1', start, end);
    const checked = this.#check.check(text, firstSeq);
    if (this.sample === '' && checked.lines > 1) this.sample = text;
    if (this.#isShared && checked.lines > 0) {
      this.#keep(firstSeq, { ...checked, bytes: Buffer.from(bytes.subarray(start, end)) });
    }
    return checked;
  }

  #keep(firstSeq: number, event: VerifiedEvent): void {
    const others = this.#bySeq.get(firstSeq);
    if (others === undefined) this.#bySeq.set(firstSeq, [event]);
    else others.push(event);
    this.#keptBytes += event.bytes.length;
    for (const [seq, events] of this.#bySeq) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      for (const { bytes } of events) this.#keptBytes -= bytes.length;
      this.#bySeq.delete(seq);
    }
  }
}
