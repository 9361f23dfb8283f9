import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLifelineClient } from '../../src/client/client.ts';
import type { TlsIdentity } from '../../src/http/http-config.ts';
import { makeCertificate } from './certificate.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';
import { Http2Client } from './http2-client.ts';
import { SingleConnection } from './single-connection.ts';

const LOGS = 'subscription($id: ID!) { jobLogs(jobId: $id) { __typename } }';
/** More than sockets and buffers take for a client that does not read. */
const MUCH = 64 * 1024 * 1024;

let store: TestStore;
let identity: TlsIdentity;
beforeAll(async () => {
  store = await TestStore.open();
  identity = await makeCertificate();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  expect(harness.faults).toEqual([]);
});

async function start(config: {
  maxStreamAgeMs?: number;
  maxStallMs?: number;
  tls?: TlsIdentity;
}): Promise<void> {
  harness = await Harness.start(store, { config });
}

describe('a stream that is older than it may be', () => {
  it.each(['/graphql', '/graphql/stream', '/events'])('is cut at %s, without an end', async (path) => {
    await start({ maxStreamAgeMs: 300 });
    const job = await harness.runningJob();
    const response =
      path === '/events'
        ? await harness.fetch(`/events?job_id=${String(job.id)}`)
        : await harness.fetch(path, {
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
            body: JSON.stringify({ query: LOGS, variables: { id: String(job.id) } }),
          });
    let received = '';
    const reading = (async (): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body!) received += decoder.decode(chunk);
    })();
    await expect(reading).rejects.toThrow();
    expect(received).not.toMatch(/complete|done/);
    await until(() => harness.subscribers === 0 && harness.streams.taken === 0);
  });

  it('is cut in single connection mode and over HTTP/2, where the connection stays', async () => {
    await start({ maxStreamAgeMs: 300 });
    const job = await harness.runningJob();
    await using connection = await SingleConnection.open(harness);
    await connection.start('1', LOGS, { id: String(job.id) });
    await connection.over;
    expect(connection.messages).toEqual([]);
    await harness[Symbol.asyncDispose]();

    await start({ maxStreamAgeMs: 300, tls: identity });
    const other = await harness.runningJob();
    using client = await Http2Client.open(harness.url, identity.certificate);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await client.call({ method: 'GET', path: `/events?job_id=${String(other.id)}`, headers });
    expect([answer.status, answer.body]).toEqual([200, expect.not.stringContaining('log.done')]);
    expect((await client.call({ method: 'GET', path: '/readyz', headers })).status).toBe(200);
  });

  it('is resumed by the client: it gets each line once, and the end', async () => {
    await start({ maxStreamAgeMs: 200 });
    const job = await harness.runningJob();
    const client = createLifelineClient({ url: harness.url, token: TOKEN });
    let answered = 0;
    const texts: string[] = [];
    const following = (async (): Promise<void> => {
      for await (const event of client.followJobLogs(String(job.id))) {
        if (event.__typename === 'LogLines') texts.push(...event.lines.map(({ text }) => text));
        if (event.__typename === 'LogDone') answered += 1;
      }
    })();
    for (let n = 1; n <= 5; n += 1) {
      await until(() => harness.streams.taken === 1);
      await job.write(`line ${String(n)}\n`);
      await until(() => harness.streams.taken === 0);
    }
    await job.end();
    await following;
    expect(texts).toEqual([1, 2, 3, 4, 5].map((n) => `line ${String(n)}`));
    expect(answered).toBe(1);
  });
});

describe('a stream whose client takes nothing', () => {
  async function jobWithMuch(): Promise<string> {
    const job = await harness.runningJob();
    await job.write(`${'x'.repeat(1_000)}\n`.repeat(MUCH / 1_001));
    return `/events?job_id=${String(job.id)}&after=0`;
  }

  it('is cut, and one whose client reads slowly, or has nothing to take, is not', async () => {
    await start({ maxStallMs: 1_000 });
    const path = await jobWithMuch();
    const quiet = await harness.fetch(`/events?job_id=${String((await harness.runningJob()).id)}`);
    const stalled = await harness.connect();
    stalled.on('error', () => undefined);
    stalled.pause();
    const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${String(harness.port)}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    stalled.write(head);
    const slow = await harness.fetch(path);
    const reader = slow.body!.getReader();
    await until(() => harness.streams.taken === 3);
    let isCut = false;
    // So slow that it is behind all the time, until well after the other one was cut.
    for (let after = 0; after < 10;) {
      const { done } = await reader.read();
      expect(done).toBe(false);
      isCut ||= harness.streams.taken === 2;
      if (isCut) after += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(harness.streams.taken).toBe(2);
    await reader.cancel();
    await quiet.body!.cancel();
    stalled.destroy();
  });

  it('is cut over HTTP/2, too, and the others on its connection are not', async () => {
    await start({ maxStallMs: 300, tls: identity });
    const path = await jobWithMuch();
    using client = await Http2Client.open(harness.url, identity.certificate);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const stalled = client.stream({ method: 'GET', path, headers });
    await until(() => harness.streams.taken === 1);
    await until(() => harness.streams.taken === 0);
    expect((await client.call({ method: 'GET', path: '/readyz', headers })).status).toBe(200);
    stalled.destroy();
  });
});
