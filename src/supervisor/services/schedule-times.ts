import type { ScheduleTime } from '../../domain/service-definition.ts';
import { ZonedCron } from './zoned-cron.ts';

/** The last moment that Date can say. */
const LAST_MS = 8_640_000_000_000_000;
/** How many times are walked through one by one; beyond them only the newest are looked at. */
const MOST_COUNTED = 1_000;

/** The times that lie in a span. */
export interface DueTimes {
  /** The newest of them, ascending. */
  readonly newest: readonly number[];
  /** How many stand before those; where `isMore`, at least. */
  readonly older: number;
  readonly isMore: boolean;
  /** The last of the older ones; `null` where there is none. */
  readonly lastOlderMs: number | null;
  /** The first of all; `null` where there is none. */
  readonly firstMs: number | null;
}

/** The times of one schedule. Every answer follows from the schedule and the moment alone: however time is walked, it comes to the same. */
export class ScheduleTimes {
  readonly #next: (afterMs: number) => number | null;
  #known: { readonly afterMs: number; readonly nextMs: number | null } | null = null;

  /** Of a schedule that has been checked. */
  constructor(time: ScheduleTime) {
    this.#next = nextOf(time);
  }

  /** The first time after that one; `null` where there is none any more. */
  next(afterMs: number): number | null {
    if (this.#known?.afterMs !== afterMs) this.#known = { afterMs, nextMs: this.#next(afterMs) };
    return this.#known.nextMs;
  }

  /** The times after the one moment and up to the other, that included. @param most how many of the newest are named */
  between(afterMs: number, untilMs: number, most: number): DueTimes {
    const walked = this.#walk(afterMs, untilMs, MOST_COUNTED + most);
    const isMore = walked.length === MOST_COUNTED + most;
    const last = isMore ? this.#newest(afterMs, untilMs, most + 1) : walked.slice(-most - 1);
    const newest = last.slice(-most);
    return {
      newest,
      older: walked.length - newest.length,
      isMore,
      lastOlderMs: last.length > most ? (last[0] ?? null) : null,
      firstMs: walked[0] ?? null,
    };
  }

  #walk(afterMs: number, untilMs: number, most: number): number[] {
    const times: number[] = [];
    for (let atMs = this.next(afterMs); atMs !== null && atMs <= untilMs; atMs = this.next(atMs)) {
      times.push(atMs);
      if (times.length === most) break;
    }
    return times;
  }

  /** Looks back over spans that double, so that what a year has brought need not be walked. */
  #newest(afterMs: number, untilMs: number, most: number): number[] {
    for (let spanMs = most * 1_000; ; spanMs *= 2) {
      const fromMs = Math.max(afterMs, untilMs - spanMs);
      const found = this.#walk(fromMs, untilMs, Infinity);
      if (found.length >= most || fromMs === afterMs) return found.slice(-most);
    }
  }
}

/** The next `n` times after a moment; fewer where there are no more. */
export function nextRuns(time: ScheduleTime, afterMs: number, n: number): number[] {
  const times = new ScheduleTimes(time);
  const found: number[] = [];
  for (let atMs = times.next(afterMs); atMs !== null && found.length < n; atMs = times.next(atMs))
    found.push(atMs);
  return found;
}

function nextOf(time: ScheduleTime): (afterMs: number) => number | null {
  switch (time.kind) {
    case 'ONCE':
      return (afterMs) => (time.atMs > afterMs ? time.atMs : null);
    case 'INTERVAL':
      return (afterMs) => {
        const passed = Math.max(0, Math.floor((afterMs - time.fromMs) / time.everyMs) + 1);
        const nextMs = time.fromMs + passed * time.everyMs;
        return nextMs <= LAST_MS ? nextMs : null;
      };
    case 'CRON': {
      const cron = new ZonedCron(time.expression, time.timeZone);
      return (afterMs) => cron.next(afterMs);
    }
  }
}
