import { Backoff, pause } from '../../../src/client/backoff.ts';
import type { JobLogEvent } from '../../../src/client/client.ts';
import type { EventStreams, Follow } from '../connection/event-streams.ts';
import { isPassing } from '../../../src/client/errors.ts';
import { endOf, gapRow, lineRow, type LogRow, rowsOf } from './log-row.ts';
import { HEARTBEAT_MS, type LogPage, type LogSource } from './log-source.ts';
import { LogTail } from './log-tail.ts';

/** Rows of a page; a page of long lines has fewer. */
const PAGE_ROWS = 500;
/** Rows that are held at most, whatever the log: some screens above and below the reader. */
const MAX_ROWS = 4_000;
const TAIL_ROWS = 1_000;
/** Rows that have come are shown so many milliseconds later at the latest. */
const SHOW_EVERY_MS = 50;

/** Where the view is to go; a new object is a new wish. */
export interface LogJump {
  readonly to: 'end' | 'start' | number;
}

/** What is known of a log, and the part of it that is held. Immutable. */
export interface LogView {
  readonly isLoading: boolean;
  readonly rows: readonly LogRow[];
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  readonly keptFromSeq: number;
  readonly lastSeq: number;
  /** Whether what comes is shown as it comes. */
  readonly isFollowing: boolean;
  /** Lines that have come since it is not. */
  readonly waitingLines: number;
  /** Lines that were received one by one, each number once. */
  readonly receivedLines: number;
  /** The first of them is behind this seq. */
  readonly receivedAfterSeq: number;
  /** Lines that were told to be gone. */
  readonly missingLines: number;
  readonly isStale: boolean;
  readonly isDone: boolean;
  readonly failure: string | undefined;
  readonly jump: LogJump | undefined;
}

/**
 * The part of one log that a reader looks at, with flat memory: a few thousand rows around the place, and the newest.
 *
 *   loading → (following ⇄ reading) → following or reading, done → released
 *
 * Following: rows are added as they come, and the oldest dropped. Reading: rows stay; what comes is counted. A reader who
 * comes to the end follows again. Order: by seq, each row once. Stale: nothing arrived for two heartbeats.
 * Release: dispose, at once.
 */
export class LogWindow {
  readonly #source: LogSource;
  readonly #streams: EventStreams;
  readonly #listeners = new Set<() => void>();
  readonly #released = new AbortController();
  #tail = new LogTail(0, TAIL_ROWS);
  #view: LogView = EMPTY_VIEW;
  #arrived: LogRow[] = [];
  #showTimer: ReturnType<typeof setTimeout> | undefined;
  #staleTimer: ReturnType<typeof setTimeout> | undefined;
  #isFetching = false;
  /** Of the follow: where it goes on over other streams. */
  #passedSeq = 0;
  /** The newest wish wins over the answers to former ones. */
  #wish = 0;

  /** @param place a line to begin at; default: the end */
  constructor(source: LogSource, streams: EventStreams, place: number | undefined) {
    this.#source = source;
    this.#streams = streams;
    void this.#run(place);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): LogView => this.#view;

  /** The reader looks at the last row, or does not. */
  setAtEnd(isAtEnd: boolean): void {
    if (isAtEnd === this.#view.isFollowing) return;
    if (isAtEnd && this.#view.hasAfter) return;
    this.#change({ isFollowing: isAtEnd, ...(isAtEnd && { waitingLines: 0 }) });
  }

  /** Shows the end, and follows it. */
  jumpToEnd(): void {
    this.#wish += 1;
    const { rows } = this.#tail;
    if (rows.length < PAGE_ROWS / 2 && this.#view.hasAfter) {
      void this.#jump('end', (signal) => this.#source.page({ last: PAGE_ROWS }, signal));
      return;
    }
    const isHeld = !this.#view.hasAfter;
    this.#change({
      ...(!isHeld && { rows, hasBefore: true, hasAfter: false }),
      isFollowing: true,
      waitingLines: 0,
      jump: { to: 'end' },
    });
  }

  jumpToStart(): void {
    this.#wish += 1;
    if (!this.#view.hasBefore) this.#change({ isFollowing: false, jump: { to: 'start' } });
    else void this.#jump('start', (signal) => this.#source.page({ first: PAGE_ROWS }, signal));
  }

  /** Shows a line, or what is nearest to it. */
  jumpTo(seq: number): void {
    this.#wish += 1;
    if (this.#view.rows.some((row) => row.kind === 'line' && row.seq === seq)) {
      this.#change({ isFollowing: false, jump: { to: seq } });
    } else void this.#jump(seq, (signal) => this.#source.around(seq, PAGE_ROWS / 2, signal));
  }

  /** The reader comes near the first row that is held. */
  loadBefore(): void {
    const first = this.#view.rows[0];
    if (first === undefined || !this.#view.hasBefore) return;
    this.#fetch(
      (signal) => this.#source.page({ before: first.seq, last: PAGE_ROWS }, signal),
      ({ page }) => {
        const rows = [...rowsOf(page).filter((row) => endOf(row) < first.seq), ...this.#view.rows];
        this.#change({
          rows: rows.slice(0, MAX_ROWS),
          hasBefore: page.pageInfo.hasPreviousPage,
          ...(rows.length > MAX_ROWS && { hasAfter: true, isFollowing: false }),
        });
      },
    );
  }

  /** The reader comes near the last row that is held. */
  loadAfter(): void {
    const last = this.#view.rows.at(-1);
    if (last === undefined || !this.#view.hasAfter) return;
    const end = endOf(last);
    if (this.#tail.isReachedBy(end)) {
      this.#append(
        this.#tail.rows.filter((row) => endOf(row) > end),
        false,
      );
      return;
    }
    this.#fetch(
      (signal) => this.#source.page({ after: end, first: PAGE_ROWS }, signal),
      ({ page }) => {
        this.#append(
          rowsOf(page).filter((row) => endOf(row) > end),
          true,
        );
      },
    );
  }

  /** Idempotent. */
  dispose(): void {
    this.#released.abort();
    clearTimeout(this.#showTimer);
    clearTimeout(this.#staleTimer);
    this.#listeners.clear();
  }

  #append(fresh: readonly LogRow[], hasAfter: boolean): void {
    const rows = [...this.#view.rows, ...fresh];
    const dropped = Math.max(0, rows.length - MAX_ROWS);
    this.#change({ rows: rows.slice(dropped), hasAfter, ...(dropped > 0 && { hasBefore: true }) });
  }

  async #run(place: number | undefined): Promise<void> {
    const { signal } = this.#released;
    const first = await this.#untilAnswered((ofTry) =>
      place === undefined
        ? this.#source.page({ last: PAGE_ROWS }, ofTry)
        : this.#source.around(place, PAGE_ROWS / 2, ofTry),
    );
    if (first === undefined) return;
    const { page, lastSeq, keptFromSeq } = first;
    const rows = rowsOf(page);
    const end = rows.at(-1);
    const isAtEnd = !page.pageInfo.hasNextPage;
    const endSeq = end === undefined ? 0 : endOf(end);
    // Not from lastSeq where the page is the end: lines that came between the two looks are in neither.
    const after = isAtEnd ? endSeq : lastSeq;
    const beginsAfter = isAtEnd ? (rows[0]?.seq ?? 1) - 1 : after;
    this.#tail = new LogTail(beginsAfter, TAIL_ROWS);
    if (isAtEnd) this.#tail.add(rows);
    this.#change({
      isLoading: false,
      rows,
      hasBefore: page.pageInfo.hasPreviousPage,
      hasAfter: !isAtEnd,
      keptFromSeq,
      lastSeq: Math.max(lastSeq, after),
      isFollowing: place === undefined && isAtEnd,
      ...(isAtEnd && countsOf(rows)),
      receivedAfterSeq: beginsAfter,
      jump: { to: place ?? 'end' },
    });
    this.#passedSeq = after;
    await this.#streams.use(signal, this.#follow);
  }

  readonly #follow: Follow = async (signal, fetchWith) => {
    this.#hear();
    const events = this.#source.follow(
      this.#passedSeq,
      { signal, fetchWith },
      ({ state }) => {
        if (state === 'WAITING') this.#change({ isStale: true });
      },
      () => this.#hear(),
    );
    try {
      for await (const event of events) this.#take(event);
    } catch (error) {
      this.#change({ failure: error instanceof Error ? error.message : 'The log cannot be followed.' });
    }
    clearTimeout(this.#staleTimer);
  };

  /** Something came: what is shown is current, for two heartbeats at least. */
  #hear(): void {
    clearTimeout(this.#staleTimer);
    if (this.#released.signal.aborted || this.#view.isDone) return;
    this.#staleTimer = setTimeout(() => this.#change({ isStale: true }), 2 * HEARTBEAT_MS);
    if (this.#view.isStale) this.#change({ isStale: false });
  }

  #take(event: JobLogEvent): void {
    this.#passedSeq = event.__typename === 'LogGap' ? event.toSeq : event.lastSeq;
    if (event.__typename === 'LogLines') this.#arrived.push(...event.lines.map(lineRow));
    else if (event.__typename === 'LogGap') this.#arrived.push(gapRow(event));
    else {
      this.#show();
      clearTimeout(this.#staleTimer);
      this.#change({ isDone: true, isStale: false, lastSeq: event.lastSeq });
      return;
    }
    this.#showTimer ??= setTimeout(() => this.#show(), SHOW_EVERY_MS);
  }

  #show(): void {
    clearTimeout(this.#showTimer);
    this.#showTimer = undefined;
    const arrived = this.#arrived;
    const newest = arrived.at(-1);
    if (newest === undefined) return;
    this.#arrived = [];
    this.#tail.add(arrived);
    const view = this.#view;
    const { receivedLines, missingLines } = countsOf(arrived);
    const counts = {
      lastSeq: Math.max(view.lastSeq, endOf(newest)),
      receivedLines: view.receivedLines + receivedLines,
      missingLines: view.missingLines + missingLines,
    };
    if (!view.isFollowing) {
      this.#change({ ...counts, hasAfter: true, waitingLines: view.waitingLines + receivedLines });
      return;
    }
    const end = view.rows.at(-1);
    const fresh = end === undefined ? arrived : arrived.filter((row) => endOf(row) > endOf(end));
    const rows = [...view.rows, ...fresh];
    const dropped = Math.max(0, rows.length - MAX_ROWS);
    this.#change({ ...counts, rows: rows.slice(dropped), hasBefore: view.hasBefore || dropped > 0 });
  }

  async #jump(to: LogJump['to'], ask: (signal: AbortSignal) => Promise<LogPage>): Promise<void> {
    const wish = this.#wish;
    this.#change({ isFollowing: false });
    const answer = await this.#untilAnswered(ask);
    if (answer === undefined || wish !== this.#wish) return;
    const { page, keptFromSeq } = answer;
    this.#change({
      rows: rowsOf(page),
      hasBefore: page.pageInfo.hasPreviousPage,
      // Also where the page reaches the end: what came meanwhile is behind it.
      hasAfter: true,
      keptFromSeq,
      jump: { to },
    });
    if (!page.pageInfo.hasNextPage) this.loadAfter();
    if (to === 'end' && !this.#view.hasAfter) this.#change({ isFollowing: true, waitingLines: 0 });
  }

  #fetch(ask: (signal: AbortSignal) => Promise<LogPage>, take: (page: LogPage) => void): void {
    if (this.#isFetching) return;
    this.#isFetching = true;
    const wish = this.#wish;
    void this.#untilAnswered(ask).then((page) => {
      this.#isFetching = false;
      if (page !== undefined && wish === this.#wish) take(page);
    });
  }

  /** Asks until there is an answer. Undefined after the release, and where the answer is no. */
  async #untilAnswered(ask: (signal: AbortSignal) => Promise<LogPage>): Promise<LogPage | undefined> {
    const { signal } = this.#released;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        const answer = await ask(signal);
        if (this.#view.isDone && this.#view.isStale) this.#change({ isStale: false });
        return answer;
      } catch (error) {
        if ((signal as { aborted: boolean }).aborted) return undefined;
        if (!isPassing(error)) {
          this.#change({ failure: error instanceof Error ? error.message : 'The log cannot be read.' });
          return undefined;
        }
        this.#change({ isStale: true });
        await pause(backoff.nextDelayMs(), signal);
      }
    }
    return undefined;
  }

  #change(changes: Partial<LogView>): void {
    this.#view = { ...this.#view, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

function countsOf(rows: readonly LogRow[]): Pick<LogView, 'receivedLines' | 'missingLines'> {
  const receivedLines = rows.filter(({ kind }) => kind === 'line').length;
  const missingLines = rows.reduce(
    (sum, row) => sum + (row.kind === 'gap' ? endOf(row) - row.seq + 1 : 0),
    0,
  );
  return { receivedLines, missingLines };
}

const EMPTY_VIEW: LogView = {
  isLoading: true,
  rows: [],
  hasBefore: false,
  hasAfter: false,
  keptFromSeq: 1,
  lastSeq: 0,
  isFollowing: true,
  waitingLines: 0,
  receivedLines: 0,
  receivedAfterSeq: 0,
  missingLines: 0,
  isStale: false,
  isDone: false,
  failure: undefined,
  jump: undefined,
};
