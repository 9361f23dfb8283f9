import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../../src/domain/errors.ts';
import type { ScheduleTime } from '../../../src/domain/service-definition.ts';
import { checkSchedule } from '../../../src/supervisor/services/check-schedule.ts';
import { nextRuns, ScheduleTimes } from '../../../src/supervisor/services/schedule-times.ts';

const HOUR_MS = 3_600_000;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];

function cron(expression: string, timeZone: string): ScheduleTime {
  return { kind: 'CRON', expression, timeZone };
}

/** The next times, as the clock on the wall of the zone shows them. */
function shown(expression: string, timeZone: string, from: string, n: number): string[] {
  return nextRuns(cron(expression, timeZone), Date.parse(from), n).map(
    (ms) => `${new Date(ms).toLocaleString('sv', { timeZone }).slice(5, 16)} ${offset(ms, timeZone)}`,
  );
}

function offset(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(ms);
  return parts.find(({ type }) => type === 'timeZoneName')?.value.slice(3) ?? '';
}

describe('a time of the day, when the clock is turned', () => {
  it('that is left out comes at the first moment after the gap, that day alone', () => {
    expect(shown('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '03-28 02:30 +01:00',
      '03-29 03:00 +02:00',
      '03-30 02:30 +02:00',
    ]);
    expect(shown('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
      '03-08 03:00 -04:00',
      '03-09 02:30 -04:00',
    ]);
    expect(shown('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T18:00:00Z', 2)).toEqual([
      '10-04 02:30 +11:00',
      '10-05 02:15 +11:00',
    ]);
  });

  it('that comes twice is kept the first time', () => {
    expect(shown('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '10-25 02:30 +02:00',
      '10-26 02:30 +01:00',
    ]);
    expect(shown('30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', 2)).toEqual([
      '11-01 01:30 -04:00',
      '11-02 01:30 -05:00',
    ]);
    expect(shown('45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T18:00:00Z', 2)).toEqual([
      '04-05 01:45 +11:00',
      '04-06 01:45 +10:30',
    ]);
  });

  it('is one also in a list: each of its times that are left out comes at the end of the gap, once', () => {
    expect(shown('0,30 2,14 * * *', 'Europe/Berlin', '2026-03-28T20:00:00Z', 4)).toEqual([
      '03-29 03:00 +02:00',
      '03-29 14:00 +02:00',
      '03-29 14:30 +02:00',
      '03-30 02:00 +02:00',
    ]);
  });
});

describe('a rhythm, when the clock is turned', () => {
  it('is kept in each real hour', () => {
    expect(shown('0 * * * *', 'America/New_York', '2026-11-01T04:30:00Z', 3)).toEqual([
      '11-01 01:00 -04:00',
      '11-01 01:00 -05:00',
      '11-01 02:00 -05:00',
    ]);
    expect(shown('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:10:00Z', 3)).toEqual([
      '03-29 01:30 +01:00',
      '03-29 03:00 +02:00',
      '03-29 03:30 +02:00',
    ]);
    expect(shown('*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:35:00Z', 4)).toEqual([
      '04-05 01:45 +11:00',
      '04-05 01:30 +10:30',
      '04-05 01:45 +10:30',
      '04-05 02:00 +10:30',
    ]);
  });

  it('within an hour that is left out does not come that day, and comes twice in one that comes twice', () => {
    expect(shown('*/30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 1)).toEqual(['03-30 02:00 +02:00']);
    expect(shown('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 5)).toEqual([
      '10-25 02:00 +02:00',
      '10-25 02:30 +02:00',
      '10-25 02:00 +01:00',
      '10-25 02:30 +01:00',
      '10-26 02:00 +01:00',
    ]);
  });
});

/** Fields as sets, with the same as cron text. */
const field = (least: number, most: number) =>
  fc.oneof(
    fc.constant({ text: '*', isWild: true, has: () => true }),
    fc.integer({ min: 2, max: 20 }).map((step) => ({
      text: `*/${String(step)}`,
      isWild: true,
      has: (value: number) => (value - least) % step === 0,
    })),
    fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }).map((values) => ({
      text: values.join(','),
      isWild: false,
      has: (value: number) => values.includes(value),
    })),
  );

describe('the times of a cron expression', () => {
  const zonedMinute = (timeZone: string) => {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    return (ms: number) => {
      const parts = format.formatToParts(ms);
      const of = (name: string) => Number(parts.find(({ type }) => type === name)?.value);
      return { day: of('day'), month: of('month'), year: of('year'), hour: of('hour'), minute: of('minute') };
    };
  };

  it('are those that one finds who looks at the clock in each minute', () => {
    const anyDay = fc.integer({ min: Date.UTC(2026, 0, 1) / HOUR_MS, max: Date.UTC(2027, 0, 1) / HOUR_MS });
    const aroundChanges = fc
      .tuple(
        fc.constantFrom(
          Date.UTC(2026, 2, 28, 12),
          Date.UTC(2026, 9, 24, 12),
          Date.UTC(2026, 2, 7, 20),
          Date.UTC(2026, 9, 31, 20),
          Date.UTC(2026, 3, 4, 4),
          Date.UTC(2026, 9, 3, 4),
        ),
        fc.integer({ min: -30, max: 10 }),
      )
      .map(([ms, hours]) => ms / HOUR_MS + hours);
    fc.assert(
      fc.property(
        fc.oneof(anyDay, aroundChanges, aroundChanges),
        fc.constantFrom(...ZONES),
        field(0, 59),
        fc.oneof(field(0, 23), field(0, 4)),
        field(1, 28),
        (hour, timeZone, minutes, hours, days) => {
          const startMs = hour * HOUR_MS;
          const endMs = startMs + 30 * HOUR_MS;
          const isFixed = !minutes.isWild && !hours.isWild;
          const at = zonedMinute(timeZone);
          const matches = (t: { minute: number; hour: number; day: number }) =>
            minutes.has(t.minute) && hours.has(t.hour) && days.has(t.day);
          // The clock is asked minute by minute; what it skips or shows again it tells by itself.
          const expected = new Set<number>();
          const seen = new Set<string>();
          let former: ReturnType<typeof at> | undefined;
          for (let ms = startMs - 24 * HOUR_MS; ms <= endMs; ms += 60_000) {
            const now = at(ms);
            const key = JSON.stringify(now);
            const isAgain = seen.has(key);
            seen.add(key);
            const shownMs = (t: typeof now) => Date.UTC(t.year, t.month - 1, t.day, t.hour, t.minute);
            let isDue = matches(now) && !(isFixed && isAgain);
            if (isFixed && former !== undefined) {
              for (let gone = shownMs(former) + 60_000; gone < shownMs(now); gone += 60_000) {
                const t = new Date(gone);
                if (matches({ minute: t.getUTCMinutes(), hour: t.getUTCHours(), day: t.getUTCDate() }))
                  isDue = true;
              }
            }
            former = now;
            if (isDue && ms > startMs) expected.add(ms);
          }
          const times = new ScheduleTimes(
            cron(`${minutes.text} ${hours.text} ${days.text} * *`, timeZone),
          ).between(startMs, endMs, 3_000);
          expect(times.newest).toEqual([...expected]);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  it('ascend, and are the same whatever the steps in which time is walked', () => {
    const anyTime: fc.Arbitrary<ScheduleTime> = fc.oneof(
      fc
        .tuple(field(0, 59), field(0, 23), fc.constantFrom(...ZONES))
        .map(([minutes, hours, zone]) => cron(`${minutes.text} ${hours.text} * * *`, zone)),
      fc
        .tuple(fc.integer({ min: 1_000, max: 10 * HOUR_MS }), fc.integer({ min: -1e12, max: 2e12 }))
        .map(([everyMs, fromMs]) => ({ kind: 'INTERVAL', everyMs, fromMs }) as const),
      fc
        .integer({ min: Date.UTC(2026, 9, 24), max: Date.UTC(2026, 9, 27) })
        .map((atMs) => ({ kind: 'ONCE', atMs }) as const),
    );
    const steps = fc.array(fc.integer({ min: 1, max: 8 * HOUR_MS }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(anyTime, steps, (time, walk) => {
        const startMs = Date.UTC(2026, 9, 24, 9, 7, 3, 123);
        const endMs = startMs + walk.reduce((sum, step) => sum + step, 0);
        const most = 5;
        const whole = new ScheduleTimes(time).between(startMs, endMs, 1e6).newest;
        const times = new ScheduleTimes(time);
        const inSteps: number[] = [];
        let count = 0;
        let atMs = startMs;
        for (const step of walk) {
          const due = times.between(atMs, atMs + step, most);
          count += due.newest.length + (due.isMore ? NaN : due.older);
          inSteps.push(...due.newest);
          atMs += step;
        }
        expect(whole.every((ms, index) => ms > (whole[index - 1] ?? startMs) && ms <= endMs)).toBe(true);
        expect(inSteps.every((ms) => whole.includes(ms))).toBe(true);
        if (!Number.isNaN(count)) expect(count).toBe(whole.length);
        expect(times.between(startMs, endMs, most).newest).toEqual(whole.slice(-most));
        expect(nextRuns(time, startMs, 7)[0] ?? null).toBe(new ScheduleTimes(time).next(startMs));
      }),
      { numRuns: 100 },
    );
  }, 120_000);

  it('of a year in which each second was due are not walked one by one', () => {
    const endMs = Date.UTC(2027, 0, 1);
    const due = new ScheduleTimes(cron('* * * * * *', 'Europe/Berlin')).between(
      Date.UTC(2026, 0, 1),
      endMs,
      2,
    );
    expect(due).toEqual({
      newest: [endMs - 1_000, endMs],
      older: 1_000,
      isMore: true,
      lastOlderMs: endMs - 2_000,
      firstMs: Date.UTC(2026, 0, 1) + 1_000,
    });
  });
});

describe('a schedule that cannot be kept', () => {
  const refusal = (time: ScheduleTime): string => {
    try {
      checkSchedule({ time, overlap: 'SKIP', catchUp: 'NONE' }, 'input.schedule');
    } catch (error) {
      if (error instanceof InvalidInputError) return `${String(error.field)}: ${error.message}`;
      throw error;
    }
    return 'none';
  };

  it.each([
    ['0 0 30 2 *', 'The cron expression "0 0 30 2 *" stands for times that never come.'],
    ['* * * *', 'it needs five fields (minute, hour, day of month, month, day of week)'],
    ['* * * * * * *', 'or six with the second before them.'],
    ['60 * * * *', 'invalid value for minute: 60.'],
    ['0 0 32 * *', 'invalid value for day: 32.'],
    ['0 0 1 13 *', 'invalid value for month: 13.'],
    ['H * * * *', 'field 1 (H) contains illegal characters.'],
    ['2026-01-01T00:00:00', 'is a moment: give it as a schedule that runs once.'],
    [`0 ${'1,'.repeat(300)}2 * * *`, 'is longer than 500 characters.'],
  ])('is refused by a sentence: %s', (expression, sentence) => {
    expect(refusal(cron(expression, 'UTC'))).toContain(sentence);
    expect(refusal(cron(expression, 'UTC'))).toMatch(/^input\.schedule\.cron: /);
  });

  it.each(['Mars/Phobos', '', '+02:00'])('is refused where there is no such time zone: %s', (timeZone) => {
    expect(refusal(cron('0 0 * * *', timeZone))).toMatch(
      /^input\.schedule\.timeZone: There is no time zone "/,
    );
  });

  it('is refused where it is faster than a second, or no moment', () => {
    expect(refusal({ kind: 'INTERVAL', everyMs: 999, fromMs: 0 })).toContain('from 1000 to');
    expect(refusal({ kind: 'INTERVAL', everyMs: 1_000.5, fromMs: 0 })).toContain('from 1000 to');
    expect(refusal({ kind: 'INTERVAL', everyMs: 1_000, fromMs: NaN })).toContain('no moment in time');
    expect(refusal({ kind: 'ONCE', atMs: 8.7e15 })).toContain('no moment in time');
  });

  it('is taken where it can be kept', () => {
    for (const expression of ['0 0 29 2 *', '@daily', '*/10 * * * * *', '0 9 * * MON-FRI', '0 0 L * *'])
      expect(refusal(cron(expression, 'America/New_York'))).toBe('none');
    expect(refusal({ kind: 'INTERVAL', everyMs: 1_000, fromMs: 0 })).toBe('none');
    expect(refusal({ kind: 'ONCE', atMs: 0 })).toBe('none');
  });
});
