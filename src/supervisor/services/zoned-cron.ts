import { Cron } from 'croner';

const STRETCH_MS = 7 * 24 * 3_600_000;
/** Above what any zone has moved its clock by at once, but for whole days at the date line. */
const MARGIN_MS = 3 * 3_600_000;

/** A time without `*`, `?` and steps is one of the day, as in Vixie cron: docs/services.md, "Daylight saving". */
const RULES = { mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard', paused: true } as const;

/** A time in which the zone's offset from UTC is the same, the margin around it included. */
interface CalmStretch {
  readonly startMs: number;
  readonly endMs: number;
  readonly cron: Cron;
}

/**
 * The times of a cron expression in a time zone.
 *
 * Why not croner alone: it asks Intl for each step, 70 µs a time. In weeks in which nobody turns the clock the offset is a
 * number, and croner reckons with numbers several times as fast; in the others it decides by itself.
 * Known gap: a zone that turned its clock and turned it back within a week would not be noticed. None does.
 */
export class ZonedCron {
  readonly #expression: string;
  readonly #zone: Intl.DateTimeFormat;
  readonly #cron: Cron;
  readonly #withOffset = new Map<number, Cron>();
  #stretch: CalmStretch | null = null;

  /** Throws what croner throws for an expression, and RangeError for a time zone that is none. */
  constructor(expression: string, timeZone: string) {
    this.#expression = expression;
    this.#zone = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    this.#cron = new Cron(expression, { ...RULES, timezone: timeZone });
  }

  /** Whether the expression was a moment, which croner takes, too. */
  get isMoment(): boolean {
    return this.#cron.getOnce() !== null;
  }

  /** The first time after that; `null` where there is none up to the year 9999. */
  next(afterMs: number): number | null {
    const after = new Date(afterMs);
    const calm = this.#calmStretch(afterMs);
    const nearMs = calm?.cron.nextRun(after)?.getTime();
    if (calm && nearMs !== undefined && nearMs < calm.endMs) return nearMs;
    return this.#cron.nextRun(after)?.getTime() ?? null;
  }

  #calmStretch(atMs: number): CalmStretch | null {
    const startMs = Math.floor(atMs / STRETCH_MS) * STRETCH_MS;
    if (this.#stretch?.startMs === startMs) return this.#stretch;
    const endMs = startMs + STRETCH_MS;
    const offsetMs = this.#offsetMs(startMs - MARGIN_MS);
    if (this.#offsetMs(endMs + MARGIN_MS) !== offsetMs || offsetMs % 60_000 !== 0) return null;
    const cron = new Cron(this.#expression, { ...RULES, utcOffset: offsetMs / 60_000 });
    return (this.#stretch = { startMs, endMs, cron });
  }

  /** What the zone's clock is ahead of UTC. */
  #offsetMs(atMs: number): number {
    const parts = this.#zone.formatToParts(atMs);
    const [year = 0, month = 1, ...rest] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((name) =>
      Number(parts.find(({ type }) => type === name)?.value),
    );
    return Date.UTC(year, month - 1, ...rest) - atMs;
  }
}
