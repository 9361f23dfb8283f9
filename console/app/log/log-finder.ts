import type { LifelineClient } from '../../../src/client/client.ts';
import { Backoff, pause } from '../../../src/client/backoff.ts';
import { isPassing } from '../../../src/client/errors.ts';
import { LogSearchDocument, type LogSearchQuery, type LogStream } from '../generated/graphql.ts';
import { HitCount } from './hit-count.ts';

type SearchedPart = NonNullable<LogSearchQuery['job']>['log']['search'];
export type HitRanges = SearchedPart['hits'][number]['ranges'];

/** What is looked for; a regular expression in RE2 syntax, or text as it stands. */
export interface Sought {
  readonly pattern: string;
  readonly isRegex: boolean;
}

interface SearchBounds {
  readonly after?: number;
  readonly before?: number;
  readonly first?: number;
  readonly last?: number;
}

/** What is known of a search. Immutable. */
export interface FinderView {
  /** By seq, of the lines around the reader: where in their text it was found. */
  readonly rangesOf: ReadonlyMap<number, HitRanges>;
  /** Lines that have it, as far as they are counted. */
  readonly count: number;
  readonly isCounted: boolean;
  /** Which of them the reader was led to: 1 is the first; undefined where there is none or its place is not known yet. */
  readonly ordinal: number | undefined;
  readonly isLooking: boolean;
  /** What is wrong with the pattern, or with the search. */
  readonly problem: string | undefined;
}

/** Hits that are asked for at once. */
const MOST_HITS = 200;
/** Lines that are looked at beside those in view, so that scrolling shows hits at once. */
const BESIDE_LINES = 200;
/** What comes is counted together, so often. */
const COUNT_EVERY_MS = 500;
const NOTHING: FinderView = {
  rangesOf: new Map(),
  count: 0,
  isCounted: false,
  ordinal: undefined,
  isLooking: false,
  problem: undefined,
};

/**
 * One search in one log: leads from hit to hit anywhere in it, counts all of them beside that, and knows where they are in the
 * lines in view. The server looks at a part of the log in each answer; this asks on until it has what it wants.
 *
 * Order of questions: who goes to a hit comes before the count. Release: dispose, at once.
 */
export class LogFinder {
  readonly #client: LifelineClient;
  readonly #jobId: string;
  readonly #streams: readonly LogStream[] | null;
  readonly sought: Sought;
  readonly #released = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #counted = new HitCount();
  #view: FinderView = NOTHING;
  #currentSeq: number | undefined;
  #lastSeq = 0;
  #isCounting = false;
  #going: Promise<unknown> = Promise.resolve();
  /** The newest wish wins over the answers to former ones. */
  #wish = 0;
  #seen = { from: 1, to: 0 };
  #wanted: { readonly from: number; readonly to: number } | undefined;
  #isLookingAround = false;

  constructor(client: LifelineClient, jobId: string, streams: readonly LogStream[] | null, sought: Sought) {
    this.#client = client;
    this.#jobId = jobId;
    this.#streams = streams;
    this.sought = sought;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): FinderView => this.#view;

  /** The next hit behind `seq`, or before it; behind the last one comes the first. Undefined where there is none. */
  async go(direction: 'next' | 'previous', seq: number): Promise<number | undefined> {
    const wish = ++this.#wish;
    this.#change({ isLooking: true });
    const going = this.#goFrom(direction, seq);
    this.#going = going.catch(() => undefined);
    const found = await going;
    if (wish !== this.#wish) return undefined;
    this.#currentSeq = found;
    this.#change({ isLooking: false, ordinal: undefined });
    if (found !== undefined) void this.#placeCurrent();
    return found;
  }

  /** The log reaches so far by now: what has come is counted, too. */
  reach(lastSeq: number): void {
    this.#lastSeq = lastSeq;
    void this.#countOn();
  }

  /** The reader sees these lines. */
  lookAt(from: number, to: number): void {
    this.#wanted = { from, to };
    void this.#lookAround();
  }

  /** Idempotent. */
  dispose(): void {
    this.#released.abort();
    this.#listeners.clear();
  }

  async #goFrom(direction: 'next' | 'previous', seq: number): Promise<number | undefined> {
    const parts: readonly SearchBounds[] =
      direction === 'next'
        ? [
            { after: seq, first: 1 },
            { before: seq + 1, first: 1 },
          ]
        : [
            { before: seq, last: 1 },
            { after: Math.max(0, seq - 1), last: 1 },
          ];
    let passedSeq = 0;
    let wholeParts = 0;
    for (const bounds of parts) {
      for await (const { hits, scannedToSeq, isComplete } of this.#parts(bounds)) {
        const [hit] = hits;
        if (hit !== undefined) return hit.seq;
        passedSeq = Math.max(passedSeq, scannedToSeq);
        if (isComplete) wholeParts += 1;
      }
    }
    if (wholeParts === parts.length) this.#countNone(passedSeq);
    return undefined;
  }

  /** All lines up to this seq were looked at, and none has it. */
  #countNone(toSeq: number): void {
    this.#counted.add(toSeq, 0);
    this.#change({ count: this.#counted.count, isCounted: this.#counted.toSeq >= this.#lastSeq });
  }

  async #countOn(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    const { signal } = this.#released;
    while (this.#counted.toSeq < this.#lastSeq && !signal.aborted && this.#view.problem === undefined) {
      await this.#going;
      for await (const part of this.#parts({ after: this.#counted.toSeq, first: 0 })) {
        this.#counted.add(part.scannedToSeq, part.hitCount);
        this.#change({ count: this.#counted.count, isCounted: part.isComplete });
        if (this.#view.ordinal === undefined) void this.#placeCurrent();
        // What is behind the last line was told by another look: it is not there yet.
        if (part.isComplete) this.#lastSeq = Math.max(this.#counted.toSeq, part.scannedToSeq);
        await this.#going;
      }
      await pause(COUNT_EVERY_MS, signal);
    }
    this.#isCounting = false;
  }

  /** Counts from the nearest place that is counted. */
  async #placeCurrent(): Promise<void> {
    const seq = this.#currentSeq;
    const wish = this.#wish;
    const near = seq === undefined ? undefined : this.#counted.before(seq);
    if (seq === undefined || near === undefined) return;
    let ordinal = near.count;
    for await (const part of this.#parts({ after: near.seq, before: seq + 1, first: 0 }))
      ordinal += part.hitCount;
    if (wish === this.#wish) this.#change({ ordinal });
  }

  async #lookAround(): Promise<void> {
    if (this.#isLookingAround) return;
    this.#isLookingAround = true;
    for (let wanted = this.#wanted; wanted !== undefined; wanted = this.#wanted) {
      this.#wanted = undefined;
      const { from, to } = wanted;
      const { from: seenFrom, to: seenTo } = this.#seen;
      if (from >= seenFrom && to <= seenTo) continue;
      const goesOn = from >= seenFrom && from <= seenTo + 1;
      const begin = goesOn ? seenTo + 1 : Math.max(1, from - BESIDE_LINES);
      const rangesOf = new Map(goesOn ? this.#view.rangesOf : []);
      const bounds = { after: begin - 1, before: to + BESIDE_LINES, first: MOST_HITS };
      for await (const { hits, scannedToSeq } of this.#parts(bounds)) {
        for (const hit of hits) rangesOf.set(hit.seq, hit.ranges);
        this.#seen = { from: goesOn ? seenFrom : begin, to: scannedToSeq };
      }
      this.#change({ rangesOf });
    }
    this.#isLookingAround = false;
  }

  /** Part by part, until all is looked at. Ends early after the release, and where the server says no, which is told. */
  async *#parts(bounds: SearchBounds): AsyncGenerator<SearchedPart, void, undefined> {
    const { pattern, isRegex } = this.sought;
    const { signal } = this.#released;
    const backoff = new Backoff();
    const kind = isRegex ? 'REGEX' : 'TEXT';
    let rest = bounds;
    while (!signal.aborted && this.#view.problem === undefined) {
      try {
        const { job } = await this.#client.execute(
          LogSearchDocument,
          { jobId: this.#jobId, pattern, kind, streams: this.#streams, ...rest },
          { signal },
        );
        const part = job?.log.search;
        if (part === undefined) return;
        yield part;
        if (part.isComplete) return;
        rest =
          rest.last === undefined
            ? { ...rest, after: part.scannedToSeq }
            : { ...rest, before: part.scannedFromSeq };
      } catch (error) {
        if ((signal as { aborted: boolean }).aborted) return;
        if (!isPassing(error)) {
          this.#change({ problem: error instanceof Error ? error.message : 'It cannot be looked for.' });
          return;
        }
        await pause(backoff.nextDelayMs(), signal);
      }
    }
  }

  #change(changes: Partial<FinderView>): void {
    if (this.#released.signal.aborted) return;
    this.#view = { ...this.#view, ...changes };
    for (const listener of this.#listeners) listener();
  }
}
