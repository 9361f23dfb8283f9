import { isBatch } from '../batch-loader.ts';
import { lastSeqOf, type IndexRecord } from '../index-record.ts';
import { LogBatch } from '../log-batch.ts';
import { MAX_PAGE_BYTES } from '../page-lines.ts';
import { CaseFolder } from './case-folder.ts';
import { lineMatcher, type LineMatcher } from './line-matcher.ts';
import type { LineHit, LineSearch, SearchedPart } from './line-search.ts';

const NEWLINE = 0x0a;

/** What one call has looked at and found. Batches come in the direction of the search. */
export class Scan {
  readonly bounds: { readonly after: number; readonly before: number };
  readonly #matcher: LineMatcher;
  readonly #isForward: boolean;
  readonly #maxHits: number;
  readonly #folder = new CaseFolder();
  readonly #hits: LineHit[] = [];
  #hitCount = 0;
  #hitBytes = 0;
  /** The seqs that were passed; none where the first is behind the second. */
  #passedFrom = Infinity;
  #passedTo = 0;

  /** @throws InvalidInputError */
  constructor({ pattern, after = 0, before = Infinity, direction, maxHits }: LineSearch) {
    this.bounds = { after, before };
    this.#matcher = lineMatcher(pattern);
    this.#isForward = direction === 'FORWARD';
    this.#maxHits = maxHits;
  }

  /**
   * @param bytes of the batch, as they are in the file; `undefined` for one that is passed without a look
   * @returns false where that is enough
   */
  take(record: IndexRecord, bytes: Buffer | undefined): boolean {
    const found = bytes === undefined ? [] : this.#seqsIn(record, bytes);
    const room = this.#maxHits === 0 ? Infinity : this.#maxHits - this.#hits.length;
    const taken = this.#isForward ? found.slice(0, room) : found.slice(-room);
    this.#hitCount += taken.length;
    if (this.#maxHits > 0 && bytes !== undefined) this.#keep(record, bytes, taken);
    const isEnough = this.#hits.length === this.#maxHits && this.#maxHits > 0;
    const lastTaken = isEnough ? taken.at(this.#isForward ? -1 : 0) : undefined;
    const { firstSeq } = record;
    this.#passedFrom = Math.min(this.#passedFrom, this.#isForward ? firstSeq : (lastTaken ?? firstSeq));
    this.#passedTo = Math.max(this.#passedTo, (this.#isForward ? lastTaken : undefined) ?? lastSeqOf(record));
    return !isEnough && this.#hitBytes < MAX_PAGE_BYTES;
  }

  /**
   * What there is to tell.
   * @param lastSeq of the log when the search began
   * @param isComplete whether nothing is left to look at
   */
  part(lastSeq: number, isComplete: boolean): SearchedPart {
    const { after, before } = this.bounds;
    const begin = after + 1;
    const end = Math.max(after, Math.min(before - 1, Math.max(lastSeq, this.#passedTo)));
    const isWhole = isComplete || begin > end;
    const passed = this.#isForward
      ? { scannedFromSeq: begin, scannedToSeq: Math.min(end, Math.max(after, this.#passedTo)) }
      : { scannedFromSeq: Math.max(begin, Math.min(this.#passedFrom, end + 1)), scannedToSeq: end };
    const whole = { scannedFromSeq: begin, scannedToSeq: end };
    const hits = this.#isForward ? this.#hits : this.#hits.toSorted((one, other) => one.seq - other.seq);
    return { hits, hitCount: this.#hitCount, ...(isWhole ? whole : passed), isComplete: isWhole };
  }

  /** Nothing where the bytes are not what the index says: readers get a gap there. */
  #seqsIn(record: IndexRecord, bytes: Buffer): readonly number[] {
    const sought = { bytes, folded: this.#matcher.needsFolded ? this.#folder.fold(bytes) : bytes };
    if (!this.#matcher.mayBeIn(sought) || !isBatch(record, bytes)) return [];
    const { after, before } = this.bounds;
    return this.#matcher
      .linesIn(sought)
      .map((line) => record.firstSeq + line)
      .filter((seq) => seq > after && seq < before);
  }

  #keep(record: IndexRecord, bytes: Buffer, seqs: readonly number[]): void {
    let start = 0;
    let lineSeq = record.firstSeq;
    for (const seq of seqs) {
      for (; lineSeq < seq; lineSeq++) start = bytes.indexOf(NEWLINE, start) + 1;
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? bytes.length : newline + 1;
      const ending = newline === -1 ? record.ending : 'NEWLINE';
      const [line] = new LogBatch({
        ...record,
        firstSeq: seq,
        lineCount: 1,
        ending,
        bytes: bytes.subarray(start, end),
      }).lines();
      if (line === undefined) continue;
      this.#hits.push({ seq, line, ranges: this.#matcher.rangesIn(line.text) });
      this.#hitBytes += end - start;
    }
  }
}
