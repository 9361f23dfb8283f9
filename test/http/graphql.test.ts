import { getIntrospectionQuery } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/domain/errors.ts';
import { type GraphQLAnswer, Harness, TestStore, until } from './harness.ts';
import { payloads, readEvents } from './sse.ts';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start(store);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const codes = ({ errors }: GraphQLAnswer): unknown[] =>
  (errors ?? []).map(({ extensions }) => extensions?.['code']);
const JOBS = `query ($first: Int, $last: Int, $after: String, $before: String, $where: JobFilter) {
  jobs(first: $first, last: $last, after: $after, before: $before, where: $where) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
interface JobsAnswer {
  readonly edges: readonly { cursor: string; node: { id: string } }[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    endCursor: string;
    startCursor: string;
  };
}
const jobs = async (variables: Record<string, unknown>): Promise<JobsAnswer> =>
  (await harness.graphql(JOBS, variables)).data?.['jobs'] as JobsAnswer;
const ids = ({ edges }: JobsAnswer): number[] => edges.map(({ node }) => Number(node.id));

describe('queries', () => {
  it('give a job with all that it is', async () => {
    const job = await harness.runningJob({ command: ['/bin/echo', 'hi'], labels: ['web'] });
    await job.write('out\n');
    await job.write('err\n', 'STDERR');
    await job.end('CANCELLED');
    const { data, errors } = await harness.graphql(
      `query ($id: ID!) { job(id: $id) {
        id requestId status reason message command script cwd env { name value } labels timeoutMs gracePeriodMs onEnd pid
        exitCode signal signalInferred queuedAt startedAt finishedAt durationMs attempt rerunOf { id } cancellation { reason }
        transitions { number from to at reason cause }
        log { lastSeq stdoutBytes stderrBytes stdoutLines stderrLines keptFromSeq
          lines(last: 1) { nodes { seq stream text at atApproximate continued } gaps { fromSeq }
            pageInfo { startSeq endSeq hasPreviousPage hasNextPage } } }
      } }`,
      { id: String(job.id) },
    );
    expect(errors).toBeUndefined();
    expect(data?.['job']).toMatchObject({
      id: String(job.id),
      status: 'CANCELLED',
      command: ['/bin/echo', 'hi'],
      env: [{ name: 'A', value: '1' }],
      labels: ['web'],
      timeoutMs: null,
      gracePeriodMs: 10_000,
      pid: 4242,
      queuedAt: expect.stringMatching(/T.*\.\d{3}Z$/) as unknown,
      durationMs: expect.any(Number) as unknown,
      rerunOf: null,
      cancellation: null,
      transitions: [
        { number: 1, from: null, to: 'QUEUED' },
        { number: 2, from: 'QUEUED', to: 'STARTING' },
        { number: 3, from: 'STARTING', to: 'RUNNING' },
        { number: 4, from: 'RUNNING', to: 'CANCELLING' },
        { number: 5, from: 'CANCELLING', to: 'CANCELLED' },
      ],
      log: {
        lastSeq: 2,
        stdoutBytes: 4,
        stderrBytes: 4,
        stdoutLines: 1,
        stderrLines: 1,
        keptFromSeq: 1,
        lines: {
          nodes: [{ seq: 2, stream: 'STDERR', text: 'err', continued: false }],
          gaps: [],
          pageInfo: { startSeq: 2, endSeq: 2, hasPreviousPage: true, hasNextPage: false },
        },
      },
    });
  });

  it('give null for a job that is not', async () => {
    for (const id of ['999999', '0', '-1', 'x', '1e3']) {
      expect(await harness.graphql('query ($id: ID!) { job(id: $id) { id } }', { id })).toEqual({
        data: { job: null },
      });
    }
  });

  it('page through jobs, newest first, from either end', async () => {
    const all: number[] = [];
    for (let count = 0; count < 5; count += 1)
      all.unshift((await harness.runningJob({ labels: ['page'] })).id);
    const where = { labels: ['page'] };
    const first = await jobs({ first: 2, where });
    expect([ids(first), first.pageInfo.hasNextPage]).toEqual([all.slice(0, 2), true]);
    const second = await jobs({ first: 2, after: first.pageInfo.endCursor, where });
    expect(ids(second)).toEqual(all.slice(2, 4));
    const last = await jobs({ last: 2, where });
    expect([ids(last), last.pageInfo.hasPreviousPage]).toEqual([all.slice(3), true]);
    expect(ids(await jobs({ last: 2, before: last.pageInfo.startCursor, where }))).toEqual(all.slice(1, 3));
  });

  it('find every job with a word, also where so many have it that they cannot be named one by one', async () => {
    const all: number[] = [];
    for (let count = 0; count < 205; count += 1)
      all.unshift((await harness.runningJob({ command: ['/bin/many', String(count)] })).id);
    await harness.runningJob({ command: ['/bin/other'] });
    const where = { commandContains: 'bin/many' };
    const first = await jobs({ first: 200, where });
    expect(ids(first)).toEqual(all.slice(0, 200));
    expect(ids(await jobs({ first: 200, after: first.pageInfo.endCursor, where }))).toEqual(all.slice(200));
    expect(ids(await jobs({ last: 2, where }))).toEqual(all.slice(-2));
  });

  it('find jobs by status, label, command and time', async () => {
    const a = await harness.runningJob({ command: ['/bin/a', 'say "hi"', '100%'], labels: ['blue', 'x"y'] });
    const b = await harness.runningJob({ command: ['/bin/b', '1000'], labels: ['blue green'] });
    await a.end();
    expect(ids(await jobs({ where: { statuses: ['RUNNING'], labels: ['blue green'] } }))).toEqual([b.id]);
    expect(ids(await jobs({ where: { labels: ['blue', 'x"y'] } }))).toEqual([a.id]);
    expect(ids(await jobs({ where: { labels: ['blu_'] } }))).toEqual([]);
    expect(ids(await jobs({ where: { labels: ['Blue'] } }))).toEqual([]);
    expect(ids(await jobs({ where: { commandContains: 'say "hi"' } }))).toEqual([a.id]);
    expect(ids(await jobs({ where: { commandContains: '100%', labels: ['blue'] } }))).toEqual([a.id]);
    expect(ids(await jobs({ where: { commandContains: 'hi","100' } }))).toEqual([]);
    expect(ids(await jobs({ where: { commandContains: 'SAY "HI' } }))).toEqual([a.id]);
    expect(ids(await jobs({ where: { commandContains: '%' } }))).toEqual([a.id]);
    for (const nowhere of ['say%hi', '_bin_a', '_', 'u0025', 'b\n1000']) {
      expect(ids(await jobs({ where: { commandContains: nowhere } }))).toEqual([]);
    }
    const tooLong = await harness.graphql(
      'query ($where: JobFilter) { jobs(where: $where) { edges { cursor } } }',
      {
        where: { commandContains: 'x'.repeat(60_000) },
      },
    );
    expect(tooLong.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    expect(ids(await jobs({ where: { queuedBefore: '2000-01-01T00:00:00Z' } }))).toEqual([]);
    expect(ids(await jobs({ where: { queuedAfter: '2000-01-01T00:00:00+01:00' } }))).toContain(b.id);
  });

  it('answer for the server', async () => {
    const { data } = await harness.graphql(
      '{ server { version uptimeMs activeJobs queuedJobs openChannels subscribers eventLoopDelay { p50Ms p99Ms maxMs windowMs } containment limits { maxRunning maxJobsPerPage } lastReconciliation { lost } } }',
    );
    expect(data?.['server']).toMatchObject({
      version: '1.2.3',
      openChannels: 0,
      subscribers: 0,
      eventLoopDelay: { p50Ms: 0.1, p99Ms: 2.5, maxMs: 7, windowMs: 60_000 },
      containment: 'BEST_EFFORT',
      limits: { maxRunning: 8, maxJobsPerPage: 500 },
      lastReconciliation: null,
    });
  });

  it('take the introspection of GraphiQL and of code generators', async () => {
    const { data, errors } = await harness.graphql(
      getIntrospectionQuery({
        specifiedByUrl: true,
        inputValueDeprecation: true,
        schemaDescription: true,
        oneOf: true,
      }),
    );
    expect([errors, Object.keys(data ?? {})]).toEqual([undefined, ['__schema']]);
  });
});

describe('mutations', () => {
  it('start a job with what was given and nothing else', async () => {
    const input = { command: ['echo', '$(id)', ';', '-x'], env: [{ name: 'A', value: '' }], timeoutMs: null };
    const { data } = await harness.graphql(
      'mutation ($input: StartJobInput!) { startJob(input: $input) { id status } }',
      {
        input,
      },
    );
    expect(data).toMatchObject({ startJob: { status: 'RUNNING' } });
    expect(harness.started).toEqual([{ command: input.command, env: input.env }]);
  });

  it('cancel a job, with its own or a shorter grace period', async () => {
    const { id } = await harness.runningJob();
    await harness.graphql('mutation ($id: ID!) { cancelJob(jobId: $id) { id } }', { id });
    await harness.graphql('mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id } }', { id });
    expect(harness.cancelled).toEqual([
      { jobId: id, requestedBy: 'the API token, from 127.0.0.1' },
      { jobId: id, gracePeriodMs: 0, requestedBy: 'the API token, from 127.0.0.1' },
    ]);
    expect(codes(await harness.graphql('mutation { cancelJob(jobId: "999999") { id } }'))).toEqual([
      'JOB_NOT_FOUND',
    ]);
    expect(codes(await harness.graphql('mutation { cancelJob(jobId: "x") { id } }'))).toEqual([
      'JOB_NOT_FOUND',
    ]);
  });

  it.each([
    ['both command and script', { command: ['a'], script: 'b' }, 'input.command'],
    ['neither', {}, 'input.command'],
    ['an empty command', { command: [] }, 'input.command'],
    ['a negative grace period', { command: ['a'], gracePeriodMs: -1 }, 'input.gracePeriodMs'],
    ['no time at all', { command: ['a'], timeoutMs: 0 }, 'input.timeoutMs'],
    ['an empty requestId', { command: ['a'], requestId: '' }, 'input.requestId'],
  ])('refuse %s as INVALID_INPUT of the field', async (_name, input, field) => {
    const answer = await harness.graphql(
      'mutation ($input: StartJobInput!) { startJob(input: $input) { id } }',
      { input },
    );
    expect(answer.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
    expect(harness.started).toEqual([]);
  });
});

describe('errors', () => {
  it('of the supervisor keep their sentence, code and field', async () => {
    await using other = await Harness.start(store, {
      services: (real) => ({
        ...real,
        supervisor: {
          ...real.supervisor,
          startJob: () => Promise.reject(new InvalidInputError('There is no such directory.', 'cwd')),
        },
      }),
    });
    const { errors, data } = await other.graphql('mutation { startJob(input: { command: ["a"] }) { id } }');
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { message: 'There is no such directory.', extensions: { code: 'INVALID_INPUT', field: 'cwd' } },
    ]);
    expect(other.faults).toEqual([]);
  });

  it('that are faults are masked, whatever NODE_ENV says, and logged under the same id', async () => {
    const { NODE_ENV } = process.env;
    process.env['NODE_ENV'] = 'development';
    try {
      await using other = await Harness.start(store, {
        services: (real) => ({ ...real, openLog: () => Promise.reject(new Error('EACCES /root/secret')) }),
      });
      const { id } = await other.runningJob();
      const answer = await other.graphql('query ($id: ID!) { job(id: $id) { log { lastSeq } } }', { id });
      expect(codes(answer)).toEqual(['INTERNAL']);
      expect(JSON.stringify(answer)).not.toMatch(/secret|stack|node_modules/);
      expect(answer.errors?.[0]?.extensions?.['correlationId']).toBe(other.faults[0]?.correlationId);
      expect(other.faults).toHaveLength(1);
    } finally {
      process.env['NODE_ENV'] = NODE_ENV;
    }
  });

  it.each([
    ['a syntax error', '{', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable of the wrong type',
      'query ($n: Int) { jobs(first: $n) { pageInfo { hasNextPage } } }',
      { n: 'x' },
      'INVALID_INPUT',
    ],
    ['a missing variable', 'query ($id: ID!) { job(id: $id) { id } }', {}, 'INVALID_INPUT'],
    [
      'an unsafe integer',
      `subscription ($n: SafeInt) { jobLogs(jobId: 1, after: $n) { __typename } }`,
      { n: 2 ** 53 },
      'INVALID_INPUT',
    ],
    ['a date that is none', JOBS, { where: { queuedAfter: 'yesterday' } }, 'INVALID_INPUT'],
    ['a cursor that is none', JOBS, { after: 'xyz' }, 'INVALID_INPUT'],
    [
      'a cursor with a text in it',
      JOBS,
      { after: Buffer.from('GPC:S:abc').toString('base64') },
      'INVALID_INPUT',
    ],
    ['both directions at once', JOBS, { first: 1, last: 1 }, 'INVALID_INPUT'],
    ['a negative page', JOBS, { first: -1 }, 'INVALID_INPUT'],
    ['a page above the cap', JOBS, { first: 501 }, 'LIMIT_EXCEEDED'],
  ])('of the request are coded: %s', async (_name, query, variables, code) => {
    expect(codes(await harness.graphql(query, variables))).toEqual([code]);
    expect(harness.faults).toEqual([]);
  });
});

it('a negative seq as a cursor of lines is refused', async () => {
  const job = await harness.runningJob();
  for (const cursor of ['after: -1', 'before: -1']) {
    const query = `query ($id: ID!) { job(id: $id) { log { lines(${cursor}) { nodes { seq } } } } }`;
    expect(codes(await harness.graphql(query, { id: String(job.id) }))).toEqual(['INVALID_INPUT']);
  }
});

describe('limits', () => {
  const nested = (depth: number): string => `${'rerunOf { '.repeat(depth)} id ${'}'.repeat(depth)}`;
  it.each([
    [
      'two mutations',
      'mutation { a: startJob(input: { command: ["a"] }) { id } b: startJob(input: { command: ["a"] }) { id } }',
    ],
    [
      'two mutations in fragments',
      'mutation { ...A ... { startJob(input: { command: ["a"] }) { id } } } fragment A on Mutation { cancelJob(jobId: 1) { id } }',
    ],
    ['depth', `{ job(id: 1) { ${nested(20)} } }`],
    ['depth in a fragment', `{ job(id: 1) { ...A } } fragment A on Job { ${nested(20)} }`],
    ['aliases', `{ ${Array.from({ length: 21 }, (_, n) => `a${String(n)}: server { version }`).join(' ')} }`],
    ['tokens', `{ server { ${'version '.repeat(3_000)} } }`],
    [
      'complexity',
      '{ jobs(first: 500) { edges { node { id log { lines(first: 1000) { nodes { text } } } } } } }',
    ],
    ['depth in a subscription', `subscription { jobChanged(jobId: 1) { ${nested(20)} } }`],
    [
      'complexity in a subscription',
      'subscription { jobChanged(jobId: 1) { log { lines(first: 1000) { nodes { seq stream text at atApproximate continued seq } } } transitions { number from to at reason cause } rerunOf { log { lines(first: 1000) { nodes { seq stream text at atApproximate continued } } } rerunOf { log { lines(first: 1000) { nodes { seq stream text at atApproximate continued } } } rerunOf { log { lines(first: 1000) { nodes { seq stream text at atApproximate continued } } } } } } } }',
    ],
  ])('hold: %s', async (_name, query) => {
    const answer = query.startsWith('subscription')
      ? (payloads(await readEvents(await harness.subscribe(query)))[0] as GraphQLAnswer)
      : await harness.graphql(query);
    expect(codes(answer)).toEqual(['LIMIT_EXCEEDED']);
    expect(harness.started).toEqual([]);
    expect(harness.subscribers).toBe(0);
  });

  it('let the usual through: a page of jobs with everything but lines', async () => {
    const { errors } = await harness.graphql(
      '{ jobs(first: 50) { edges { node { id status reason message command labels pid exitCode queuedAt transitions { to at } log { lastSeq stdoutLines } } } } }',
    );
    expect(errors).toBeUndefined();
  });
});

describe('jobLogs', () => {
  const LOGS = `subscription ($id: ID!, $after: SafeInt, $tail: Int, $streams: [LogStream!], $heartbeatMs: Int) {
    jobLogs(jobId: $id, after: $after, tail: $tail, streams: $streams, heartbeatMs: $heartbeatMs) {
      __typename
      ... on LogLines { lines { seq stream text } lastSeq }
      ... on LogHeartbeat { at lastSeq }
      ... on LogDone { job { status exitCode } lastSeq endedWithoutNewline }
    }
  }`;
  interface LogEvent {
    readonly __typename: string;
    readonly lines?: readonly { seq: number; stream: string; text: string }[];
    readonly lastSeq: number;
  }
  const read = async (variables: Record<string, unknown>): Promise<LogEvent[]> => {
    const events = await readEvents(await harness.subscribe(LOGS, variables));
    expect(events.at(-1)?.event).toBe('complete');
    return payloads(events).map((payload) => (payload as { data: { jobLogs: LogEvent } }).data.jobLogs);
  };
  const seqs = (events: readonly LogEvent[]): number[] =>
    events.flatMap(({ lines }) => lines?.map(({ seq }) => seq) ?? []);

  it('replays, goes on live, says LogDone once, and completes', async () => {
    const job = await harness.runningJob();
    await job.write('1\n2\n');
    const reading = read({ id: job.id });
    await until(() => harness.subscribers === 1);
    await job.write('3\n');
    await job.end();
    const events = await reading;
    expect(seqs(events)).toEqual([1, 2, 3]);
    expect(events.filter(({ __typename }) => __typename === 'LogDone')).toEqual([
      {
        __typename: 'LogDone',
        job: { status: 'SUCCEEDED', exitCode: 0 },
        lastSeq: 3,
        endedWithoutNewline: [],
      },
    ]);
    expect(events.at(-1)?.__typename).toBe('LogDone');
    expect(seqs(await read({ id: job.id, after: 2 }))).toEqual([3]);
    expect(seqs(await read({ id: job.id, tail: 2 }))).toEqual([2, 3]);
    expect(seqs(await read({ id: job.id, after: 99 }))).toEqual([]);
  });

  it('gives only the streams asked for, and a lastSeq that has passed the others', async () => {
    const job = await harness.runningJob();
    await job.write('out\n');
    await job.write('err\n', 'STDERR');
    await job.write('out\n');
    await job.end();
    const events = await read({ id: job.id, streams: ['STDERR'] });
    expect(seqs(events)).toEqual([2]);
    expect(events.at(-1)?.lastSeq).toBe(3);
    expect(seqs(await read({ id: job.id, streams: ['STDERR'], tail: 1 }))).toEqual([2]);
  });

  it('sends heartbeats where they are asked for', async () => {
    const job = await harness.runningJob();
    const response = await harness.subscribe(LOGS, { id: job.id, heartbeatMs: 100 });
    const events = await readEvents(response, (so) => payloads(so).length >= 2);
    expect(payloads(events)[0]).toMatchObject({
      data: { jobLogs: { __typename: 'LogHeartbeat', lastSeq: 0 } },
    });
  });

  it.each([
    ['after and tail together', { after: 1, tail: 1 }],
    ['a negative after', { after: -1 }],
    ['a negative tail', { tail: -1 }],
    ['heartbeats too often', { heartbeatMs: 1 }],
  ])('refuses %s', async (_name, variables) => {
    const { id } = await harness.runningJob();
    const events = await readEvents(await harness.subscribe(LOGS, { id, ...variables }));
    expect(events.map(({ event }) => event)).toEqual(['next', 'complete']);
    expect(codes(payloads(events)[0] as GraphQLAnswer)).toEqual(['INVALID_INPUT']);
    expect(harness.subscribers).toBe(0);
  });
});

describe('jobChanged', () => {
  it('gives the current state at once, each change, and completes after the final one', async () => {
    const job = await harness.runningJob();
    const query = 'subscription ($id: ID!) { jobChanged(jobId: $id) { status exitCode transitions { to } } }';
    let seen = 0;
    const reading = readEvents(await harness.subscribe(query, { id: job.id }), (events) => {
      seen = events.length;
      return false;
    });
    await until(() => seen === 1);
    await job.end();
    const events = await reading;
    const states = payloads(events).map(
      (payload) => (payload as { data: { jobChanged: { status: string } } }).data.jobChanged,
    );
    expect(states.map(({ status }) => status)).toEqual(['RUNNING', 'SUCCEEDED']);
    expect(states.at(-1)).toMatchObject({ exitCode: 0, transitions: { length: 4 } });
    expect(events.at(-1)?.event).toBe('complete');
    const again = payloads(await readEvents(await harness.subscribe(query, { id: job.id })));
    expect(again).toMatchObject([{ data: { jobChanged: { status: 'SUCCEEDED' } } }]);
  });
});

describe('the transport', () => {
  it('gives a subscription as an event stream with headers that no proxy holds back', async () => {
    const { id } = await harness.runningJob();
    const reader = new AbortController();
    const response = await harness.subscribe(
      `subscription { jobLogs(jobId: ${String(id)}) { __typename } }`,
      {},
      reader.signal,
    );
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(response.headers.get('content-encoding')).toBeNull();
    reader.abort();
  });

  it('answers a query with JSON to whoever accepts anything, and 406 where nothing fits', async () => {
    const query = { query: '{ server { version } }' };
    for (const accept of ['*/*', 'application/json', 'application/graphql-response+json']) {
      const response = await harness.post(query, { accept });
      expect([accept, response.status, await response.json()]).toEqual([
        accept,
        200,
        { data: { server: { version: '1.2.3' } } },
      ]);
    }
    expect((await harness.post(query, { accept: 'text/html' })).status).toBe(406);
    const { id } = await harness.runningJob();
    const subscription = { query: `subscription { jobLogs(jobId: ${String(id)}) { __typename } }` };
    expect((await harness.post(subscription, { accept: 'application/json' })).status).toBe(406);
    await until(() => harness.subscribers === 0);
  });
});
