import { InvalidInputError } from '../../domain/errors.ts';
import type {
  CatchUpRule,
  OverlapRule,
  Schedule as DomainSchedule,
} from '../../domain/service-definition.ts';
import { checkSchedule } from '../../supervisor/services/check-schedule.ts';
import { nextRuns } from '../../supervisor/services/schedule-times.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';

/** How many of the next times can be asked for. */
const MOST_NEXT_RUNS = 100;

const OverlapRuleRef = builder.enumType('OverlapRule', {
  description: 'What becomes of a run that is due while the one before it has not ended.',
  values: {
    SKIP: { description: 'It does not take place.' },
    QUEUE: {
      description: 'It waits for the end of that one. One waits at the most; further ones are skipped.',
    },
    REPLACE: { description: 'That one is cancelled, and this one begins when it has ended.' },
  } satisfies Record<OverlapRule, { description: string }>,
});

const CatchUpRuleRef = builder.enumType('CatchUpRule', {
  description: 'What becomes of runs that were due while there was no server, or its machine slept.',
  values: {
    NONE: { description: 'They are missed.' },
    LAST: { description: 'One run is made up for; the others are missed.' },
    ALL: {
      description:
        'Each is made up for, one after the other: the last hundred of them; older ones are missed.',
    },
  } satisfies Record<CatchUpRule, { description: string }>,
});

export const Schedule = builder.objectRef<DomainSchedule>('Schedule').implement({
  authScopes: { read: true },
  description: 'When a service runs: by a cron expression, at an interval, or once.',
  fields: (t) => ({
    cron: t.string({
      nullable: true,
      description: 'The cron expression, where it has one.',
      resolve: ({ time }) => (time.kind === 'CRON' ? time.expression : null),
    }),
    timeZone: t.string({
      nullable: true,
      description: 'The time zone of the cron expression: a name of the IANA database.',
      resolve: ({ time }) => (time.kind === 'CRON' ? time.timeZone : null),
    }),
    everyMs: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Milliseconds from one run to the next, where it has an interval.',
      resolve: ({ time }) => (time.kind === 'INTERVAL' ? time.everyMs : null),
    }),
    from: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The moment from which the interval is counted.',
      resolve: ({ time }) => (time.kind === 'INTERVAL' ? new Date(time.fromMs) : null),
    }),
    at: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The moment of its only run, where it runs once.',
      resolve: ({ time }) => (time.kind === 'ONCE' ? new Date(time.atMs) : null),
    }),
    overlap: t.expose('overlap', {
      type: OverlapRuleRef,
      description: 'What becomes of a run that is due while the one before it has not ended.',
    }),
    catchUp: t.expose('catchUp', {
      type: CatchUpRuleRef,
      description: 'What becomes of runs that were due while there was no server.',
    }),
    nextRuns: t.field({
      type: ['DateTime'],
      description: `The next times after now, or after another moment: 5 of them, ${String(MOST_NEXT_RUNS)} at the most.`,
      complexity: 5,
      args: {
        first: t.arg.int({ defaultValue: 5, description: 'How many.' }),
        after: t.arg({ type: 'DateTime', description: 'After this moment instead.' }),
      },
      resolve: ({ time }, { first, after }) => {
        const count = first ?? 5;
        if (count < 0 || count > MOST_NEXT_RUNS) {
          throw new InvalidInputError(`first is a number from 0 to ${String(MOST_NEXT_RUNS)}.`, 'first');
        }
        return nextRuns(time, after?.getTime() ?? Date.now(), count).map((ms) => new Date(ms));
      },
    }),
  }),
});

export const ScheduleInput = builder.inputType('ScheduleInput', {
  description: 'When a service runs. Give exactly one of cron, everyMs and at.',
  fields: (t) => ({
    cron: t.string({
      description:
        'Five fields (minute, hour, day of month, month, day of week), or six with the second before them. ' +
        'Where both days are given, either is enough.',
    }),
    timeZone: t.string({
      description: 'Of cron: a name of the IANA database, such as Europe/Berlin. Default: UTC.',
    }),
    everyMs: t.field({
      type: 'SafeInt',
      description: 'Milliseconds from one run to the next, 1000 at the least.',
    }),
    from: t.field({
      type: 'DateTime',
      description: 'Of everyMs: the moment from which it is counted. Default: 1970-01-01T00:00:00.000Z.',
    }),
    at: t.field({ type: 'DateTime', description: 'The moment of the only run.' }),
    overlap: t.field({
      type: OverlapRuleRef,
      defaultValue: 'SKIP',
      description: 'What becomes of a run that is due while the one before it has not ended.',
    }),
    catchUp: t.field({
      type: CatchUpRuleRef,
      defaultValue: 'NONE',
      description: 'What becomes of runs that were due while there was no server.',
    }),
  }),
});

/** The schedule as it is kept. @param field where it stands in the input. @throws InvalidInputError */
export function scheduleOf(input: typeof ScheduleInput.$inferInput, field: string): DomainSchedule {
  const { overlap = 'SKIP', catchUp = 'NONE', ...times } = given(input);
  const schedule = { time: timeOf(times, field), overlap, catchUp };
  checkSchedule(schedule, field);
  return schedule;
}

interface GivenTimes {
  readonly cron?: string;
  readonly timeZone?: string;
  readonly everyMs?: number;
  readonly from?: Date;
  readonly at?: Date;
}

function timeOf({ cron, timeZone, everyMs, from, at }: GivenTimes, field: string): DomainSchedule['time'] {
  if ([cron, everyMs, at].filter((time) => time !== undefined).length !== 1)
    throw new InvalidInputError('Give exactly one of cron, everyMs and at.', field);
  if (timeZone !== undefined && cron === undefined)
    throw new InvalidInputError(
      'timeZone belongs to cron: moments and intervals have none.',
      `${field}.timeZone`,
    );
  if (from !== undefined && everyMs === undefined)
    throw new InvalidInputError('from belongs to everyMs.', `${field}.from`);
  if (cron !== undefined) return { kind: 'CRON', expression: cron, timeZone: timeZone ?? 'UTC' };
  if (everyMs !== undefined) return { kind: 'INTERVAL', everyMs, fromMs: from?.getTime() ?? 0 };
  return { kind: 'ONCE', atMs: at?.getTime() ?? NaN };
}
