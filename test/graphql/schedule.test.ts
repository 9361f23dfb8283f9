import { GraphQLObjectType, graphql, GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/domain/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { scheduleOf } from '../../src/graphql/types/schedule.ts';

const RULES = { overlap: 'SKIP', catchUp: 'NONE' } as const;

describe('a schedule in the input', () => {
  it('is a cron expression in UTC or in a zone, an interval, or a moment', () => {
    expect(scheduleOf({ cron: '0 3 * * *' }, 'schedule')).toEqual({
      ...RULES,
      time: { kind: 'CRON', expression: '0 3 * * *', timeZone: 'UTC' },
    });
    expect(scheduleOf({ cron: '@daily', timeZone: 'Europe/Berlin', catchUp: 'ALL' }, 'schedule')).toEqual({
      overlap: 'SKIP',
      catchUp: 'ALL',
      time: { kind: 'CRON', expression: '@daily', timeZone: 'Europe/Berlin' },
    });
    expect(scheduleOf({ everyMs: 5_000, from: new Date(7), overlap: 'QUEUE' }, 'schedule')).toEqual({
      overlap: 'QUEUE',
      catchUp: 'NONE',
      time: { kind: 'INTERVAL', everyMs: 5_000, fromMs: 7 },
    });
    expect(scheduleOf({ at: new Date(9) }, 'schedule').time).toEqual({ kind: 'ONCE', atMs: 9 });
  });

  it.each([
    [{}, 'schedule'],
    [{ cron: '0 3 * * *', everyMs: 5_000 }, 'schedule'],
    [{ everyMs: 5_000, timeZone: 'UTC' }, 'schedule.timeZone'],
    [{ at: new Date(9), from: new Date(7) }, 'schedule.from'],
    [{ everyMs: 5 }, 'schedule.everyMs'],
    [{ cron: '0 3 * *' }, 'schedule.cron'],
  ])('is refused where it is none, or more than one: %j', (input, field) => {
    const refusal = (): unknown => {
      try {
        return scheduleOf(input, 'schedule');
      } catch (error) {
        return error;
      }
    };
    expect(refusal()).toBeInstanceOf(InvalidInputError);
    expect(refusal()).toHaveProperty('field', field);
  });
});

describe('a schedule in the schema', () => {
  it('says its next times', async () => {
    const type = schema.getType('Schedule') as GraphQLObjectType;
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { schedule: { type, resolve: () => scheduleOf({ cron: '30 2 * * *' }, 'schedule') } },
    });
    const result = await graphql({
      schema: new GraphQLSchema({ query }),
      source: '{ schedule { cron timeZone at nextRuns(first: 2, after: "2026-06-01T08:30:00Z") } }',
      contextValue: { scope: 'read' },
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      data: {
        schedule: {
          cron: '30 2 * * *',
          timeZone: 'UTC',
          at: null,
          nextRuns: ['2026-06-02T02:30:00.000Z', '2026-06-03T02:30:00.000Z'],
        },
      },
    });
  });
});
