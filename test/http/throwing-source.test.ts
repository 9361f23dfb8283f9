import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ForbiddenError } from '../../src/domain/errors.ts';
import type { Services } from '../../src/graphql/services.ts';
import type { FollowEvent } from '../../src/logs/follow.ts';
import { Harness, TestStore } from './harness.ts';
import { SingleConnection } from './single-connection.ts';
import { payloads, readEvents } from './sse.ts';

const SECRET = '/var/lib/secret/path';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

/** A follower that throws `error` instead of its event number `at`. */
function throwing(real: Services, at: number, error: Error): Services['follow'] {
  return (request) => {
    const events = real.follow(request);
    let count = 0;
    const next = events.next.bind(events);
    events.next = async (): Promise<IteratorResult<FollowEvent, undefined>> => {
      count += 1;
      if (count === at) throw error;
      return next();
    };
    return events;
  };
}

async function start(at: number, error: Error): Promise<string> {
  harness = await Harness.start(store, {
    services: (real) => ({ ...real, follow: throwing(real, at, error) }),
  });
  const job = await harness.runningJob();
  await job.write('first\n');
  return String(job.id);
}

async function stillServes(): Promise<void> {
  expect((await harness.graphql('{ server { version } }')).data).toEqual({ server: { version: '1.2.3' } });
}

interface Answer {
  /** The names of the events. */
  readonly events: readonly (string | undefined)[];
  readonly results: readonly unknown[];
}

/** Reads all of an operation that brings its own connection. */
async function readDistinct(
  path: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Answer> {
  const response = await harness.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables }),
  });
  expect(response.status).toBe(200);
  const events = await readEvents(response);
  return { events: events.map(({ event }) => event), results: payloads(events) };
}

/** Every door that GraphQL's subscriptions are read at, and how to read one to its end there. */
const DOORS: readonly [string, (query: string, variables: Record<string, unknown>) => Promise<Answer>][] = [
  ['/graphql', (query, variables) => readDistinct('/graphql', query, variables)],
  ['/graphql/stream, distinct', (query, variables) => readDistinct('/graphql/stream', query, variables)],
  [
    '/graphql/stream, single',
    async (query, variables) => {
      await using connection = await SingleConnection.open(harness);
      await connection.start('1', query, variables);
      const results = await connection.results('1');
      return { events: connection.messages.map(({ event }) => event), results };
    },
  ],
];

const SUBSCRIPTION = 'subscription ($id: ID!) { jobLogs(jobId: $id) { __typename } }';
const MASKED = { message: 'Something went wrong in the server.', extensions: { code: 'INTERNAL' } };

describe.each([
  ['before its first event', 1],
  ['after its first event', 2],
])('a source that throws %s', (_when, at) => {
  it.each(DOORS)(
    'gives a reader at %s one masked error and complete, and the server lives',
    async (_door, read) => {
      const id = await start(at, new Error(`cannot open ${SECRET}`));
      const { events, results } = await read(SUBSCRIPTION, { id });
      expect(events.at(-1)).toBe('complete');
      expect(results).toHaveLength(at);
      expect(results.at(-1)).toMatchObject({ errors: [MASKED] });
      expect(JSON.stringify(results)).not.toContain(SECRET);
      expect(JSON.stringify(results)).not.toContain('stack');
      expect(harness.subscribers).toBe(0);
      await stillServes();
    },
  );

  it.each(DOORS)('logs the fault with the correlation id that the reader at %s gets', async (_door, read) => {
    const cause = new Error(`cannot open ${SECRET}`);
    const id = await start(at, cause);
    const { results } = await read(SUBSCRIPTION, { id });
    const [fault, ...others] = harness.faults;
    expect(others).toEqual([]);
    expect(fault?.err).toBe(cause);
    expect(results.at(-1)).toMatchObject({
      errors: [{ extensions: { correlationId: fault?.correlationId } }],
    });
  });

  it.each(DOORS)('gives a reader at %s the code of a known error, and logs nothing', async (_door, read) => {
    const id = await start(at, new ForbiddenError('This is not for you.'));
    const { results } = await read(SUBSCRIPTION, { id });
    expect(results.at(-1)).toMatchObject({
      errors: [{ message: 'This is not for you.', extensions: { code: 'FORBIDDEN' } }],
    });
    expect(harness.faults).toEqual([]);
  });

  it('gives a reader of /events log.error and an end, and the server lives', async () => {
    const id = await start(at, new Error(`cannot open ${SECRET}`));
    const response = await harness.fetch(`/events?job_id=${id}&after=0`);
    expect(response.status).toBe(200);
    const events = await readEvents(response);
    expect(events.map(({ event }) => event)).toEqual([...(at === 2 ? ['log.line'] : []), 'log.error']);
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
      code: 'INTERNAL',
      message: MASKED.message,
    });
    expect(JSON.stringify(events)).not.toContain(SECRET);
    expect(harness.subscribers).toBe(0);
    await stillServes();
  });
});

describe.each(DOORS)('a subscribe resolver that throws at %s', (_door, read) => {
  it('gives one coded error and complete, for unknown jobs and for faults', async () => {
    harness = await Harness.start(store, {
      services: (real) => ({
        ...real,
        follow: () => {
          throw new Error(SECRET);
        },
      }),
    });
    for (const [id, code] of [
      ['nonsense', 'JOB_NOT_FOUND'],
      ['1', 'INTERNAL'],
    ] as const) {
      const { events, results } = await read(SUBSCRIPTION, { id });
      expect(events).toEqual(['next', 'complete']);
      expect(results).toMatchObject([{ errors: [{ extensions: { code } }] }]);
    }
    await stillServes();
  });

  it('says JOB_NOT_FOUND for a job that never was, and holds nothing', async () => {
    harness = await Harness.start(store);
    for (const query of [SUBSCRIPTION, 'subscription ($id: ID!) { jobChanged(jobId: $id) { status } }']) {
      const { events, results } = await read(query, { id: '999999' });
      expect(events).toEqual(['next', 'complete']);
      expect(results).toMatchObject([{ errors: [{ extensions: { code: 'JOB_NOT_FOUND' } }] }]);
    }
    expect(harness.subscribers).toBe(0);
    expect(harness.faults).toEqual([]);
  });
});
