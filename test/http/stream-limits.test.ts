import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Harness, type HarnessOptions, TestStore, TOKEN, until } from './harness.ts';
import { SingleConnection } from './single-connection.ts';
import { payloads, readEvents } from './sse.ts';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
let jobId: string;
async function start(options: HarnessOptions): Promise<void> {
  harness = await Harness.start(store, options);
  jobId = String((await harness.runningJob()).id);
}
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  expect(harness.faults).toEqual([]);
});

const SUBSCRIPTION = 'subscription($id: ID!) { jobLogs(jobId: $id) { __typename } }';
const DOORS = ['/graphql', '/graphql/stream', 'PUT /graphql/stream', '/events'] as const;
type DoorName = (typeof DOORS)[number];

/** What a request that opens a stream at a door comes to. Whoever is let in leaves by `leave`. */
interface Opened {
  readonly status: number;
  /** The body of a refusal, or its only event. */
  readonly text: string;
  readonly leave: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

async function openAt(door: DoorName, headers: Record<string, string> = {}): Promise<Opened> {
  const leaving = new AbortController();
  const { signal } = leaving;
  const response = await (door === '/events'
    ? harness.fetch(`/events?job_id=${jobId}`, { headers, signal })
    : door === 'PUT /graphql/stream'
      ? harness.fetch('/graphql/stream', { method: 'PUT', headers })
      : harness.fetch(door, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
          body: JSON.stringify({ query: SUBSCRIPTION, variables: { id: jobId } }),
          signal,
        }));
  const { status } = response;
  if (status >= 400) return { status, text: await response.text(), leave: nothing };
  if (door === 'PUT /graphql/stream') {
    const token = await response.text();
    const leave = async (): Promise<void> => {
      // It goes when its stream was open and is closed again.
      const stream = await harness.fetch(`/graphql/stream?token=${token}`, { headers });
      await stream.body?.cancel();
    };
    return { status, text: '', leave };
  }
  const leave = (): Promise<void> => {
    leaving.abort();
    return Promise.resolve();
  };
  if (door === '/events') return { status, text: '', leave };
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  const text = new TextDecoder().decode(value);
  if (!text.includes('LIMIT_EXCEEDED')) return { status, text: '', leave };
  return { status: 429, text, leave: nothing };
}

describe('a stream over the limit of its token', () => {
  it.each(DOORS)(
    'is refused at %s with the limit and its option, opens nothing, and has room when one leaves',
    async (door) => {
      await start({ limits: { maxStreamsPerToken: 2 }, streamLimits: { reopenWithinMs: 10 } });
      const first = await openAt('/graphql');
      const second = await openAt('/events');
      expect([first.status, second.status]).toEqual([200, 200]);
      expect(harness.subscribers).toBe(2);
      const refused = await openAt(door);
      expect(refused.status).toBe(429);
      expect(refused.text).toContain('"LIMIT_EXCEEDED"');
      expect(refused.text).toContain('2 streams open, the most that --max-streams-per-token allows');
      expect([harness.subscribers, harness.streams.taken]).toEqual([2, 2]);
      await first.leave();
      await until(() => harness.streams.taken === 1);
      const third = await openAt(door);
      expect(third.status).toBeLessThan(300);
      await third.leave();
      await second.leave();
      await until(() => harness.streams.taken === 0);
    },
  );

  it('is told so and ended on a shared stream, and an operation that ends gives its place back', async () => {
    await start({ limits: { maxStreamsPerToken: 2 }, streamLimits: { reopenWithinMs: 10 } });
    await using connection = await SingleConnection.open(harness);
    await connection.start('1', SUBSCRIPTION, { id: jobId });
    await until(() => harness.streams.taken === 2);
    await connection.start('2', SUBSCRIPTION, { id: jobId });
    await until(() => connection.of('2').length === 2);
    expect(connection.of('2')).toMatchObject([
      { event: 'next', payload: { errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] } },
      { event: 'complete' },
    ]);
    await connection.reservation.stop('1');
    await until(() => harness.streams.taken === 1);
    await connection.start('3', SUBSCRIPTION, { id: jobId });
    await until(() => harness.streams.taken === 2);
    await connection.start('4', '{ server { version } }');
    await connection.results('4');
  });

  it('leaves the others their own, up to what the server has in all', async () => {
    await start({ limits: { maxStreamsPerToken: 2, maxStreams: 3 } });
    const { secret } = await harness.tokens.create({
      name: `other-${jobId}`,
      scope: 'read',
      expiresAt: null,
      createdBy: 'the test',
    });
    const other = { authorization: `Bearer ${secret}` };
    for (const door of ['/graphql', '/events'] as const) expect((await openAt(door)).status).toBe(200);
    expect((await openAt('/events')).status).toBe(429);
    const mine = await openAt('/events', other);
    expect(mine.status).toBe(200);
    const refused = await openAt('/events', other);
    expect([refused.status, refused.text]).toEqual([
      429,
      expect.stringContaining('The server has 3 streams open, the most that --max-streams allows.'),
    ]);
  });

  it('is counted for the token of a browser’s session', async () => {
    await start({ limits: { maxStreamsPerToken: 1 } });
    const login = await fetch(`${harness.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: TOKEN }),
    });
    const [cookie = ''] = login.headers.getSetCookie()[0]?.split(';') ?? [];
    const response = await fetch(`${harness.url}/events?job_id=${jobId}`, { headers: { cookie } });
    expect(response.status).toBe(200);
    expect((await openAt('/events')).status).toBe(429);
    await response.body!.cancel();
    await until(() => harness.streams.taken === 0);
    expect((await openAt('/events')).status).toBe(200);
  });

  it('is counted for everybody together where nobody is asked who it is', async () => {
    await start({ limits: { maxStreamsPerToken: 1 }, config: { auth: 'off' } });
    expect((await openAt('/events', { authorization: '' })).status).toBe(200);
    expect((await openAt('/graphql')).status).toBe(429);
  });
});

describe('the place of a stream', () => {
  it('is given back when its source throws, when nothing can be opened, and at its end', async () => {
    let throws = true;
    await start({
      limits: { maxStreamsPerToken: 1 },
      services: (real) => ({
        ...real,
        follow: (request) => {
          if (throws) throw new Error('the source of this test');
          return real.follow(request);
        },
      }),
    });
    const post = async (query: string): Promise<unknown[]> => {
      const response = await harness.subscribe(query, { id: jobId });
      return payloads(await readEvents(response));
    };
    expect(JSON.stringify(await post(SUBSCRIPTION))).toContain('INTERNAL');
    await until(() => harness.streams.taken === 0);
    expect((await harness.fetch(`/events?job_id=${jobId}`)).status).toBe(500);
    expect((await harness.fetch('/events?job_id=999999')).status).toBe(404);
    await until(() => harness.streams.taken === 0);
    throws = false;
    await post('subscription { jobLogs(jobId: 999999) { __typename } }');
    await post(`subscription { nothing(jobId: ${jobId}) }`);
    await until(() => harness.streams.taken === 0);
    const job = await harness.runningJob();
    const following = await harness.subscribe(SUBSCRIPTION, { id: String(job.id) });
    expect(harness.streams.taken).toBe(1);
    await job.end();
    await readEvents(following);
    await until(() => harness.streams.taken === 0);
    harness.faults.length = 0;
  });

  it('is taken exactly while its stream is open, whoever opens and leaves when, at whatever door', async () => {
    await start({ limits: { maxStreamsPerToken: 4 }, streamLimits: { reopenWithinMs: 5 } });
    const step = fc.oneof(fc.record({ door: fc.constantFrom(...DOORS) }), fc.record({ leave: fc.nat(10) }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12, size: 'max' }), async (steps) => {
        const open: Opened[] = [];
        for (const now of steps) {
          if ('door' in now) {
            const opened = await openAt(now.door);
            expect(opened.status === 429).toBe(open.length >= 4);
            if (opened.status !== 429) open.push(opened);
          } else {
            const [left] = open.splice(now.leave % Math.max(open.length, 1), 1);
            await left?.leave();
          }
          await until(() => harness.streams.taken === open.length);
        }
        for (const { leave } of open) await leave();
        await until(() => harness.streams.taken === 0);
      }),
      { numRuns: 25 },
    );
  });
});
