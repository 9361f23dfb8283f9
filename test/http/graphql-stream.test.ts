import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sessions } from '../../src/http/sessions.ts';
import { Harness, type HarnessOptions, TestStore, TOKEN, until } from './harness.ts';
import { Reservation, SingleConnection } from './single-connection.ts';
import { payloads, readEvents } from './sse.ts';

const PATH = '/graphql/stream';
const LOGS = 'subscription ($id: ID!) { jobLogs(jobId: $id) { __typename } }';
const LINES =
  'subscription ($id: ID!) { jobLogs(jobId: $id) { __typename ... on LogLines { lines { seq text } } } }';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
async function start(options: HarnessOptions = {}): Promise<void> {
  harness = await Harness.start(store, options);
}
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  expect(harness.faults).toEqual([]);
});

async function expectRefusal(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
}

/** The numbers of all lines in results of `LINES`, in the order in which they came. */
function seqs(results: readonly unknown[]): number[] {
  return results.flatMap((result) => {
    const { data } = result as { data: { jobLogs: { lines?: { seq: number }[] } } };
    return (data.jobLogs.lines ?? []).map(({ seq }) => seq);
  });
}

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a reservation', () => {
  beforeEach(() => start());

  it('is a token in plain text, which opens one stream at a time', async () => {
    const response = await harness.fetch(PATH, { method: 'PUT' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const reservation = new Reservation(harness, await response.text());
    await using connection = await SingleConnection.of(reservation);
    await expectRefusal(await reservation.get(), 409, 'CONFLICT');
    await connection.leave();
    await using again = await SingleConnection.of(reservation);
    await again.start('1', '{ __typename }');
    expect(await again.results('1')).toEqual([{ data: { __typename: 'Query' } }]);
  });

  it('is needed by everything but an operation that accepts an event stream itself', async () => {
    for (const token of ['no-such-token', '']) {
      const [status, code] = token === '' ? [400, 'INVALID_INPUT'] : [404, 'INVALID_INPUT'];
      const reservation = new Reservation(harness, token);
      await expectRefusal(await reservation.get(), status, code);
      await expectRefusal(await reservation.start('1', '{ __typename }'), status, code);
      await expectRefusal(await reservation.stop('1'), status, code);
    }
  });

  it('is named in the URL where a client has no headers', async () => {
    const { token } = await Reservation.make(harness);
    const named = `${PATH}?token=${token}`;
    const body = JSON.stringify({ query: '{ __typename }', extensions: { operationId: 'a' } });
    const headers = { 'content-type': 'application/json' };
    expect((await harness.fetch(named, { method: 'POST', headers, body })).status).toBe(202);
    const events = await readEvents(await harness.fetch(named), ({ length }) => length === 2);
    expect(events.map(({ event, data }) => [event, JSON.parse(data) as unknown])).toEqual([
      ['next', { id: 'a', payload: { data: { __typename: 'Query' } } }],
      ['complete', { id: 'a' }],
    ]);
    expect((await harness.fetch(`${named}&operationId=a`, { method: 'DELETE' })).status).toBe(200);
  });

  it('is no credential, and its parameter takes none', async () => {
    const { token } = await Reservation.make(harness);
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await fetch(`${harness.url}${PATH}?token=${token}&operationId=1`, { method })).status).toBe(
        401,
      );
    await expectRefusal(await harness.fetch(`${PATH}?token=${TOKEN}`), 400, 'INVALID_INPUT');
    await expectRefusal(await harness.fetch(`${PATH}?access_token=x`), 400, 'INVALID_INPUT');
  });

  it('does not exist for another credential', async () => {
    const sessions = new Sessions({ records: store.sessions, token: TOKEN });
    const headers = {
      cookie: `lifeline-${String(harness.port)}=${await sessions.begin(null)}`,
      'lifeline-request': '1',
      'content-type': 'application/json',
    };
    const foreign = await Reservation.make(harness);
    const ask = (token: string, method: string, search = ''): Promise<Response> =>
      fetch(`${harness.url}${PATH}${search}`, {
        method,
        headers: { ...headers, 'x-graphql-event-stream-token': token },
        ...(method === 'POST' && { body: '{"query":"{ __typename }","extensions":{"operationId":"1"}}' }),
      });
    await expectRefusal(await ask(foreign.token, 'GET'), 404, 'INVALID_INPUT');
    await expectRefusal(await ask(foreign.token, 'POST'), 404, 'INVALID_INPUT');
    await expectRefusal(await ask(foreign.token, 'DELETE', '?operationId=1'), 404, 'INVALID_INPUT');
    const own = await (await ask('', 'PUT')).text();
    expect((await ask(own, 'POST')).status).toBe(202);
    await expectRefusal(await new Reservation(harness, own).get(), 404, 'INVALID_INPUT');
  });

  it('answers other methods with what is allowed', async () => {
    const response = await harness.fetch(PATH, { method: 'PATCH' });
    expect(response.headers.get('allow')).toBe('GET, POST, PUT, DELETE');
    await expectRefusal(response, 405, 'INVALID_INPUT');
  });
});

describe('an operation on a shared stream', () => {
  beforeEach(() => start());

  it('of any kind gives its results and then complete', async () => {
    await using connection = await SingleConnection.open(harness);
    const job = await harness.runningJob();
    const id = String(job.id);
    await job.write('one\ntwo\n');
    await connection.start('query', 'query ($id: ID!) { job(id: $id) { status } }', { id });
    await connection.start('mutation', 'mutation ($id: ID!) { cancelJob(jobId: $id) { id } }', { id });
    await connection.start('subscription', LINES, { id });
    expect(await connection.results('query')).toEqual([{ data: { job: { status: 'RUNNING' } } }]);
    expect(await connection.results('mutation')).toEqual([{ data: { cancelJob: { id } } }]);
    expect(harness.cancelled).toEqual([{ jobId: job.id, requestedBy: 'the API token, from 127.0.0.1' }]);
    await until(() => seqs(connection.of('subscription').map(({ payload }) => payload)).length === 2);
    await job.end();
    const results = await connection.results('subscription');
    expect(seqs(results)).toEqual([1, 2]);
    expect(results.at(-1)).toEqual({ data: { jobLogs: { __typename: 'LogDone' } } });
  });

  it('that starts before the stream is open waits for it with its first result', async () => {
    const job = await harness.runningJob();
    await job.write('early\n');
    const reservation = await Reservation.make(harness);
    expect((await reservation.start('1', LINES, { id: job.id })).status).toBe(202);
    await until(() => harness.subscribers === 1);
    await job.write('late\n');
    await job.end();
    await using connection = await SingleConnection.of(reservation);
    expect(seqs(await connection.results('1'))).toEqual([1, 2]);
  });

  it('is refused before it starts where its request is not one of the protocol', async () => {
    await using connection = await SingleConnection.open(harness);
    const { reservation } = connection;
    for (const operationId of [undefined, '', 1, 'x'.repeat(257)])
      await expectRefusal(await reservation.start(operationId, '{ __typename }'), 400, 'INVALID_INPUT');
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      reservation.fetch('', { method: 'POST', headers: { 'content-type': type }, body });
    await expectRefusal(await post('no json'), 400, 'INVALID_INPUT');
    await expectRefusal(await post('[]'), 400, 'INVALID_INPUT');
    await expectRefusal(await post('{}', 'text/plain'), 415, 'INVALID_INPUT');
    await expectRefusal(await reservation.fetch('', { method: 'DELETE' }), 400, 'INVALID_INPUT');
    expect(connection.messages).toEqual([]);
  });

  it('has its id to itself until it is complete', async () => {
    await using connection = await SingleConnection.open(harness);
    const job = await harness.runningJob();
    await connection.start('1', LOGS, { id: job.id });
    await expectRefusal(await connection.reservation.start('1', '{ __typename }'), 409, 'CONFLICT');
    await job.end();
    await connection.results('1');
    await connection.start('1', '{ __typename }');
    await until(() => connection.of('1').filter(({ event }) => event === 'complete').length === 2);
  });

  it('is checked, limited and masked exactly as at /graphql', async () => {
    await using connection = await SingleConnection.open(harness);
    const deep = `{ job(id: 1) ${'{ rerunOf '.repeat(20)}{ id }${' }'.repeat(20)} }`;
    const requests = [
      'subscription {',
      '{ nonsense }',
      '{ job(id: {}) { id } }',
      'query ($id: ID!) { job(id: $id) { id } }',
      deep,
      deep.replace('{', 'subscription { jobChanged(jobId: 1) { id }  ... on Query {').concat('}'),
      `{ ${oneTo(21)
        .map((number) => `a${String(number)}: __typename`)
        .join(' ')} }`,
      'mutation { a: cancelJob(jobId: 1) { id } b: cancelJob(jobId: 1) { id } }',
      'mutation { cancelJob(jobId: 987654) { id } }',
      'subscription { jobLogs(jobId: 1, after: 1, tail: 1) { __typename } }',
      `{ ${'__typename '.repeat(1_001)} }`,
      '{ jobs(first: 500) { edges { node { transitions { at } rerunOf { rerunOf { env { name } } } } } } }',
      '{ jobs(first: 501) { edges { node { id } } } }',
    ];
    for (const [index, query] of requests.entries()) {
      const id = String(index);
      await connection.start(id, query);
      const events = await readEvents(await harness.subscribe(query));
      expect(events.at(-1)?.event).toBe('complete');
      expect([query, await connection.results(id)]).toEqual([query, payloads(events)]);
      expect(JSON.stringify(payloads(events))).toMatch(/"errors":.*"code"|rerunOf/);
      expect(JSON.stringify(payloads(events))).not.toContain('"http"');
    }
  });
});

describe('DELETE', () => {
  const OPERATIONS = 200;
  let lookup: { held: boolean; release: () => void };
  beforeEach(async () => {
    let open: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      open = resolve;
    });
    lookup = { held: false, release: open };
    await start({
      streamLimits: { maxOperations: OPERATIONS },
      services: (real) => ({
        ...real,
        jobs: {
          findJob: async (jobId) => {
            if (lookup.held) await released;
            return real.jobs.findJob(jobId);
          },
        },
      }),
    });
  });

  it.each([
    ['wait for a line', false],
    ['await their job’s row', true],
  ])('releases operations that %s within 100 ms, and the others live', async (_what, held) => {
    const job = await harness.runningJob();
    const other = await harness.runningJob();
    await using connection = await SingleConnection.open(harness);
    await using neighbour = await SingleConnection.open(harness);
    await neighbour.start('other', LINES, { id: other.id });
    await until(() => harness.subscribers === 1);
    lookup.held = held;
    const ids = oneTo(OPERATIONS).map(String);
    await Promise.all(ids.map((id) => connection.start(id, LOGS, { id: job.id })));
    await until(() => harness.subscribers === OPERATIONS + 1);
    const answers = await Promise.all(ids.map((id) => connection.reservation.stop(id)));
    await until(() => harness.subscribers === 1, 100);
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    lookup.release();
    await job.write('nobody reads this\n');
    await other.write('still there\n');
    await until(() => neighbour.messages.length === 1);
    // Everything that this stream will ever carry was written before the answer to one more operation.
    lookup.held = false;
    await connection.start('last', '{ __typename }');
    await connection.results('last');
    expect(connection.messages.filter(({ id }) => id !== 'last')).toEqual([]);
  });

  it('ends one operation and says nothing more of it, whatever its source has ready', async () => {
    const job = await harness.runningJob();
    await using connection = await SingleConnection.open(harness);
    await connection.start('ended', LINES, { id: job.id });
    await connection.start('kept', LINES, { id: job.id });
    await job.write('one\n');
    await until(() => connection.of('ended').length === 1 && connection.of('kept').length === 1);
    expect((await connection.reservation.stop('ended')).status).toBe(200);
    await job.write('two\n');
    await job.end();
    expect(seqs(await connection.results('kept'))).toEqual([1, 2]);
    expect(connection.of('ended').map(({ event }) => event)).toEqual(['next']);
  });

  it('ends an operation whose result waits for the stream to be opened', async () => {
    const reservation = await Reservation.make(harness);
    for (const id of ['ended', 'kept']) {
      expect((await reservation.start(id, '{ __typename }')).status).toBe(202);
    }
    expect((await reservation.stop('ended')).status).toBe(200);
    await using connection = await SingleConnection.of(reservation);
    await connection.results('kept');
    expect(connection.of('ended')).toEqual([]);
  });

  it('answers the same for what has ended or never was', async () => {
    await using connection = await SingleConnection.open(harness);
    await connection.start('1', '{ __typename }');
    await connection.results('1');
    expect((await connection.reservation.stop('1')).status).toBe(200);
    expect((await connection.reservation.stop('never')).status).toBe(200);
  });
});

describe('a stream', () => {
  it('that closes releases its operations at once, and no others', async () => {
    await start();
    const job = await harness.runningJob();
    await using leaving = await SingleConnection.open(harness);
    await using staying = await SingleConnection.open(harness);
    for (const id of ['a', 'b', 'c']) await leaving.start(id, LOGS, { id: job.id });
    await staying.start('a', LINES, { id: job.id });
    await until(() => harness.subscribers === 4);
    await leaving.leave();
    await until(() => harness.subscribers === 1, 100);
    await job.write('one\n');
    await job.end();
    expect(seqs(await staying.results('a'))).toEqual([1]);
  });

  it('that nobody opens in time is dropped with its operations', async () => {
    await start({ streamLimits: { openWithinMs: 200 } });
    const job = await harness.runningJob();
    const reservation = await Reservation.make(harness);
    expect((await reservation.start('1', LOGS, { id: job.id })).status).toBe(202);
    await until(() => harness.subscribers === 1);
    await until(() => harness.subscribers === 0);
    await expectRefusal(await reservation.get(), 404, 'INVALID_INPUT');
  });

  it('that nobody opens again in time is dropped with its operations', async () => {
    await start({ streamLimits: { reopenWithinMs: 200 } });
    const job = await harness.runningJob();
    const connection = await SingleConnection.open(harness);
    await connection.leave();
    const { reservation } = connection;
    await until(async () => (await reservation.stop('1')).status === 404);
    await expectRefusal(await reservation.start('1', LOGS, { id: job.id }), 404, 'INVALID_INPUT');
    expect(harness.subscribers).toBe(0);
  });

  it('is not dropped for its age while it is open', async () => {
    await start({ streamLimits: { openWithinMs: 1_000, reopenWithinMs: 50, pingMs: 100 } });
    await using connection = await SingleConnection.open(harness);
    // Each comes after a silence, so they are a clock of the server's own.
    await until(() => connection.comments.length >= 15);
    await connection.start('1', '{ __typename }');
    await connection.results('1');
  });

  it('carries so many operations at once and no more, and there are so many streams and no more', async () => {
    await start({
      streamLimits: { maxOperations: 2, reopenWithinMs: 50 },
      limits: { maxStreamsPerToken: 3 },
    });
    const job = await harness.runningJob();
    await using connection = await SingleConnection.open(harness);
    await connection.start('1', LOGS, { id: job.id });
    await connection.start('2', LOGS, { id: job.id });
    await expectRefusal(await connection.reservation.start('3', '{ __typename }'), 429, 'LIMIT_EXCEEDED');
    await connection.reservation.stop('1');
    await connection.start('3', '{ __typename }');
    await connection.results('3');
    await using second = await SingleConnection.open(harness);
    await expectRefusal(await harness.fetch(PATH, { method: 'PUT' }), 429, 'LIMIT_EXCEEDED');
    await second.leave();
    await until(async () => (await harness.fetch(PATH, { method: 'PUT' })).status === 201);
  });

  it('is cut without any complete when the server closes, and what waits for a stream is released', async () => {
    await start();
    const job = await harness.runningJob();
    await using connection = await SingleConnection.open(harness);
    await connection.start('1', LOGS, { id: job.id });
    await connection.start('2', 'subscription ($id: ID!) { jobChanged(jobId: $id) { id } }', { id: job.id });
    const unopened = await Reservation.make(harness);
    await unopened.start('1', LOGS, { id: job.id });
    await until(() => harness.subscribers === 3 && connection.of('2').length === 1);
    const startedAtMs = performance.now();
    const closed = harness.server.close({ deadlineMs: 2_000 });
    await connection.over;
    expect(harness.subscribers).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    await closed;
    expect(connection.messages.map(({ event }) => event)).toEqual(['next']);
  });

  it('whose client does not read holds back each operation at its next event, and loses nothing', async () => {
    let pulled = 0;
    await start({
      services: (real) => ({
        ...real,
        follow: (request) => {
          const events = real.follow(request);
          const next = events.next.bind(events);
          events.next = async () => {
            const event = await next();
            pulled += 1;
            return event;
          };
          return events;
        },
      }),
    });
    const LINE_COUNT = 50_000;
    const jobs = await Promise.all([harness.runningJob(), harness.runningJob()]);
    for (const job of jobs) {
      await job.write(`${'x'.repeat(199)}\n`.repeat(LINE_COUNT));
      await job.end();
    }
    const reservation = await Reservation.make(harness);
    // Of a body that nobody reads the client takes a little, and then no more from the socket.
    const response = await reservation.get();
    for (const [index, job] of jobs.entries())
      expect((await reservation.start(String(index), LINES, { id: job.id })).status).toBe(202);
    await until(() => pulled > 0);
    // The server has time for many other things, and none for more of these.
    let before: number;
    do {
      before = pulled;
      for (let round = 0; round < 20; round += 1) await harness.graphql('{ __typename }');
    } while (pulled !== before);
    const events = await readEvents(
      response,
      (read) => read.filter(({ event }) => event === 'complete').length === 2,
    );
    expect(pulled).toBeGreaterThan(2 * before);
    for (const operation of ['0', '1']) {
      const results = events
        .map(({ data }) => JSON.parse(data) as { id: string; payload?: unknown })
        .filter(({ id, payload }) => id === operation && payload !== undefined);
      expect(seqs(results.map(({ payload }) => payload))).toEqual(oneTo(LINE_COUNT));
    }
  });

  it('says something even when there is nothing to say', async () => {
    await start({ streamLimits: { pingMs: 20 } });
    await using connection = await SingleConnection.open(harness);
    await until(() => connection.comments.length >= 3);
    expect(connection.messages).toEqual([]);
  });
});

describe('distinct connections', () => {
  beforeEach(() => start());

  it('are the answer to an operation that accepts an event stream', async () => {
    const job = await harness.runningJob();
    await job.write('one\n');
    const body = JSON.stringify({ query: LINES, variables: { id: job.id } });
    const ask = (accept: string): Promise<Response> =>
      harness.fetch(PATH, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body });
    const answer = ask('text/event-stream');
    await until(() => harness.subscribers === 1);
    await job.end();
    const events = await readEvents(await answer);
    expect(seqs(payloads(events))).toEqual([1]);
    expect(events.at(-1)?.event).toBe('complete');
    await expectRefusal(await ask('application/json'), 400, 'INVALID_INPUT');
  });

  it('do not take documents from URLs', async () => {
    const response = await harness.fetch(`${PATH}?query=${encodeURIComponent('{ __typename }')}`, {
      headers: { accept: 'text/event-stream' },
    });
    await expectRefusal(response, 400, 'INVALID_INPUT');
  });
});
