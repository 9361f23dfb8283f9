import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ForbiddenError } from '../../src/domain/errors.ts';
import type { Services } from '../../src/graphql/services.ts';
import type { FollowEvent } from '../../src/logs/follow.ts';
import { Harness, TestStore } from './harness.ts';
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

const SUBSCRIPTION = 'subscription ($id: ID!) { jobLogs(jobId: $id) { __typename } }';
const MASKED = { message: 'Something went wrong in the server.', extensions: { code: 'INTERNAL' } };

describe.each([
  ['before its first event', 1],
  ['after its first event', 2],
])('a source that throws %s', (_when, at) => {
  it('gives a GraphQL reader one masked error and complete, and the server lives', async () => {
    const id = await start(at, new Error(`cannot open ${SECRET}`));
    const response = await harness.subscribe(SUBSCRIPTION, { id });
    expect(response.status).toBe(200);
    const events = await readEvents(response);
    expect(events.at(-1)?.event).toBe('complete');
    const results = payloads(events);
    expect(results).toHaveLength(at);
    expect(results.at(-1)).toMatchObject({ errors: [MASKED] });
    expect(JSON.stringify(events)).not.toContain(SECRET);
    expect(JSON.stringify(events)).not.toContain('stack');
    expect(harness.subscribers).toBe(0);
    await stillServes();
  });

  it('logs the fault with the correlation id that the reader gets', async () => {
    const cause = new Error(`cannot open ${SECRET}`);
    const id = await start(at, cause);
    const results = payloads(await readEvents(await harness.subscribe(SUBSCRIPTION, { id })));
    const [fault, ...others] = harness.faults;
    expect(others).toEqual([]);
    expect(fault?.err).toBe(cause);
    expect(results.at(-1)).toMatchObject({
      errors: [{ extensions: { correlationId: fault?.correlationId } }],
    });
  });

  it('gives a GraphQL reader the code of a known error, and logs nothing', async () => {
    const id = await start(at, new ForbiddenError('This is not for you.'));
    const results = payloads(await readEvents(await harness.subscribe(SUBSCRIPTION, { id })));
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

describe('a subscribe resolver that throws', () => {
  it('gives one coded error and complete at HTTP 200, for unknown jobs and for faults', async () => {
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
      const response = await harness.subscribe(SUBSCRIPTION, { id });
      expect(response.status).toBe(200);
      const events = await readEvents(response);
      expect(events.map(({ event }) => event)).toEqual(['next', 'complete']);
      expect(payloads(events)).toMatchObject([{ errors: [{ extensions: { code } }] }]);
    }
    await stillServes();
  });

  it('says JOB_NOT_FOUND for a job that never was, and holds nothing', async () => {
    harness = await Harness.start(store);
    for (const query of [SUBSCRIPTION, 'subscription ($id: ID!) { jobChanged(jobId: $id) { status } }']) {
      const events = await readEvents(await harness.subscribe(query, { id: '999999' }));
      expect(events.map(({ event }) => event)).toEqual(['next', 'complete']);
      expect(payloads(events)).toMatchObject([{ errors: [{ extensions: { code: 'JOB_NOT_FOUND' } }] }]);
    }
    expect(harness.subscribers).toBe(0);
    expect(harness.faults).toEqual([]);
  });
});
