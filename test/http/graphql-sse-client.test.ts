import { type Client, createClient, type ExecutionResult } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Harness, TestStore, TOKEN, until } from './harness.ts';

const LINES = `subscription ($id: ID!) {
  jobLogs(jobId: $id) { __typename ... on LogLines { lines { seq text } } ... on LogDone { lastSeq } }
}`;

interface LogResult {
  jobLogs: { __typename: string; lines?: { seq: number; text: string }[]; lastSeq?: number };
}

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
  expect(harness.faults).toEqual([]);
});

/** The client as it comes, without retries: what it does not get at once, it does not get. */
async function connect(singleConnection: boolean): Promise<Client> {
  harness = await Harness.start(store);
  return createClient({
    url: `${harness.url}/graphql/stream`,
    headers: { authorization: `Bearer ${TOKEN}` },
    singleConnection,
    retryAttempts: 0,
  });
}

async function resultsOf<Data>(
  client: Client,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<ExecutionResult<Data, unknown>[]> {
  const results: ExecutionResult<Data, unknown>[] = [];
  for await (const result of client.iterate<Data>({ query, variables })) results.push(result);
  return results;
}

describe.each([
  ['single connection', true],
  ['distinct connections', false],
])('the client of graphql-sse with %s', (_mode, singleConnection) => {
  it('follows seven jobs at once, each line once and in order, to their ends', async () => {
    const client = await connect(singleConnection);
    const jobs = await Promise.all(Array.from({ length: 7 }, () => harness.runningJob()));
    const rounds = 20;
    const perRound = 50;
    await jobs[0]?.write('before anybody reads\n');
    const readers = jobs.map(({ id }) => resultsOf<LogResult>(client, LINES, { id }));
    await until(() => harness.subscribers === jobs.length);
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(jobs.map((job) => job.write(`${String(job.id)}\n`.repeat(perRound))));
    }
    for (const job of jobs) await job.end();
    for (const [index, results] of (await Promise.all(readers)).entries()) {
      const events = results.map(({ data }) => data?.jobLogs);
      const seqs = events.flatMap((event) => event?.lines ?? []).map(({ seq }) => seq);
      const last = rounds * perRound + (index === 0 ? 1 : 0);
      expect(seqs).toEqual(Array.from({ length: last }, (_, seq) => seq + 1));
      expect(events.at(-1)).toEqual({ __typename: 'LogDone', lastSeq: last });
      expect(events.filter((event) => event?.__typename === 'LogDone')).toHaveLength(1);
    }
    client.dispose();
  });

  it('gets answers to queries, and coded errors as results', async () => {
    const client = await connect(singleConnection);
    const job = await harness.runningJob();
    const id = String(job.id);
    expect(await resultsOf(client, 'query ($id: ID!) { job(id: $id) { id } }', { id })).toEqual([
      { data: { job: { id } } },
    ]);
    expect(await resultsOf(client, '{ nonsense }')).toEqual([await harness.graphql('{ nonsense }')]);
    expect(await resultsOf(client, 'subscription { jobLogs(jobId: 999999) { __typename } }')).toMatchObject([
      { errors: [{ extensions: { code: 'JOB_NOT_FOUND' } }] },
    ]);
    client.dispose();
  });

  it('lets go of what it unsubscribes from, and of everything when it is disposed', async () => {
    const client = await connect(singleConnection);
    const job = await harness.runningJob();
    const subscribe = (): (() => void) => {
      const ignore = (): void => undefined;
      return client.subscribe(
        { query: LINES, variables: { id: job.id } },
        { next: ignore, error: ignore, complete: ignore },
      );
    };
    const leave = subscribe();
    for (let count = 0; count < 6; count += 1) subscribe();
    await until(() => harness.subscribers === 7);
    leave();
    await until(() => harness.subscribers === 6);
    client.dispose();
    await until(() => harness.subscribers === 0);
  });

  it('opens again after it was idle', async () => {
    const client = await connect(singleConnection);
    for (let round = 0; round < 3; round += 1)
      expect(await resultsOf(client, '{ __typename }')).toEqual([{ data: { __typename: 'Query' } }]);
    client.dispose();
  });
});
