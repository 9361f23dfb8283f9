import { createSchema, createYoga } from 'graphql-yoga';
import { describe, expect, it } from 'vitest';
import type { GraphQLContext } from '../../src/graphql/context.ts';
import { createOperationPerformer } from '../../src/graphql/perform-operation.ts';
import type { GraphQLHandler } from '../../src/graphql/yoga.ts';

/** Performs `subscription { event }` on a source that is given, and collects what is delivered. */
async function perform(
  source: AsyncIterable<unknown>,
  { wanted = 10, controller = new AbortController() } = {},
): Promise<{ results: unknown[]; faults: unknown[] }> {
  const faults: unknown[] = [];
  const log = { error: ({ err }: { err: unknown }) => void faults.push(err) };
  const yoga: GraphQLHandler = createYoga<GraphQLContext>({
    schema: createSchema<GraphQLContext>({
      typeDefs: 'type Query { a: Int } type Subscription { event: Int }',
      resolvers: { Subscription: { event: { subscribe: () => source, resolve: (value: number) => value } } },
    }),
    logging: false,
    maskedErrors: { maskError: (error) => error as Error },
  });
  const results: unknown[] = [];
  await createOperationPerformer(yoga, log)(
    { query: 'subscription { event }' },
    // No resolver of this schema looks at the services.
    { signal: controller.signal } as GraphQLContext,
    (result) => {
      results.push(JSON.parse(Buffer.concat(result).toString()));
      return Promise.resolve(results.length < wanted);
    },
  );
  return { results, faults };
}

/** Counts up; `next` may throw instead. Rejects when it is asked to return, which nobody may notice. */
function source(next: (count: number) => number): AsyncIterableIterator<number> & { returned: number } {
  let count = 0;
  return {
    returned: 0,
    // What it throws becomes a rejection.
    next: () => Promise.resolve().then(() => ({ done: false, value: next((count += 1)) })),
    return() {
      this.returned += 1;
      return Promise.reject(new Error('cannot return'));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

describe('performing an operation', () => {
  it('ends with the first failure of a source, even one that would fail for ever', async () => {
    const { results } = await perform(
      source((count) => {
        if (count > 2) throw new Error('broken');
        return count;
      }),
    );
    expect(results).toMatchObject([{ data: { event: 1 } }, { data: { event: 2 } }, { errors: [{}] }]);
  });

  it('goes on after an event of which a field failed', async () => {
    const { results } = await perform(
      source((count) => (count === 1 ? Number.NaN : count)),
      { wanted: 2 },
    );
    expect(results).toMatchObject([{ data: { event: null }, errors: [{}] }, { data: { event: 2 } }]);
  });

  it('lets the source go when no more is wanted, and does not mind how it takes that', async () => {
    const events = source((count) => count);
    const { results, faults } = await perform(events, { wanted: 3 });
    expect(results).toHaveLength(3);
    expect(events.returned).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  it('delivers nothing after its signal, neither events nor errors', async () => {
    const controller = new AbortController();
    const events = source((count) => {
      if (count === 2) controller.abort();
      if (count === 3) throw new Error('late');
      return count;
    });
    const { results, faults } = await perform(events, { controller });
    expect(results).toEqual([{ data: { event: 1 } }]);
    expect(faults).toEqual([]);
  });
});
