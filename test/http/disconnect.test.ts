import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';

const READERS = 200;
const LIMIT_MS = 100;

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

/** Held back by a test to keep readers where they await the job's row. */
let lookup: { held: boolean; release: () => void };
let harness: Harness;
beforeEach(async () => {
  let open: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    open = resolve;
  });
  lookup = { held: false, release: open };
  harness = await Harness.start(store, {
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
afterEach(async () => {
  lookup.release();
  await harness[Symbol.asyncDispose]();
  expect(harness.faults).toEqual([]);
});

const head = (method: string, target: string, rest: readonly string[] = []): string =>
  [
    `${method} ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${String(harness.port)}`,
    `Authorization: Bearer ${TOKEN}`,
    'Accept: text/event-stream',
    ...rest,
    '',
    '',
  ].join('\r\n');

function graphqlRequest(query: string): string {
  const body = JSON.stringify({ query });
  return (
    head('POST', '/graphql', ['Content-Type: application/json', `Content-Length: ${String(body.length)}`]) +
    body
  );
}

/** Every way to wait for a job that prints nothing. */
const DOORS: readonly [string, (jobId: JobId) => string][] = [
  ['jobLogs', (id) => graphqlRequest(`subscription { jobLogs(jobId: ${String(id)}) { __typename } }`)],
  ['jobChanged', (id) => graphqlRequest(`subscription { jobChanged(jobId: ${String(id)}) { status } }`)],
  ['/events live', (id) => head('GET', `/events?job_id=${String(id)}`)],
  ['/events from a cursor', (id) => head('GET', `/events?job_id=${String(id)}&after=0`)],
];

const LEAVING: readonly [string, (socket: Socket) => void][] = [
  ['a closed connection', (socket) => socket.destroy()],
  ['a reset', (socket) => socket.resetAndDestroy()],
  ['a half-close', (socket) => socket.end()],
];

async function attach(count: number, request: string): Promise<Socket[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => harness.connect()));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(request);
  }
  return sockets;
}

describe.each(DOORS)('readers of %s', (_door, requestFor) => {
  it.each(LEAVING)('are released within 100 ms after %s', async (_kind, leave) => {
    const job = await harness.runningJob();
    const sockets = await attach(READERS, requestFor(job.id));
    await until(() => harness.subscribers >= READERS);
    for (const socket of sockets) leave(socket);
    await until(() => harness.subscribers === 0, LIMIT_MS);
    for (const socket of sockets) socket.destroy();
  });

  it('are released when they leave before the first byte, and while their job is looked up', async () => {
    const job = await harness.runningJob();
    lookup.held = true;
    const sockets = await attach(READERS, requestFor(job.id));
    await until(() => harness.subscribers >= READERS);
    for (const [index, socket] of sockets.entries()) LEAVING[index % LEAVING.length]?.[1](socket);
    await until(() => harness.subscribers === 0, LIMIT_MS);
    lookup.release();
    for (const socket of sockets) socket.destroy();
    await job.end();
  });

  it('leave nothing behind when they leave at any moment', async () => {
    const job = await harness.runningJob();
    const request = requestFor(job.id);
    await Promise.all(
      Array.from({ length: READERS }, async (_, index) => {
        const socket = await harness.connect();
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(request);
        // Spread over the whole of a request's life, which takes a few milliseconds here.
        for (let turn = 0; turn < index % 40; turn += 1)
          await new Promise((resolve) => setImmediate(resolve));
        socket.resetAndDestroy();
      }),
    );
    // A request that is still in the kernel's buffers may yet come, attach and go.
    await until(async () => {
      const { errors } = await harness.graphql('{ server { subscribers } }');
      return errors === undefined && harness.subscribers === 0;
    });
    expect((await harness.graphql('{ server { subscribers openChannels } }')).data).toEqual({
      server: { subscribers: 0, openChannels: 1 },
    });
  });

  it('are released when their process is killed', async () => {
    const job = await harness.runningJob();
    const client = spawn(process.execPath, [
      '-e',
      `const socket = require('node:net').connect(${String(harness.port)}, '127.0.0.1');
       socket.write(${JSON.stringify(requestFor(job.id))}); socket.resume();`,
    ]);
    await until(() => harness.subscribers === 1);
    client.kill('SIGKILL');
    await until(() => harness.subscribers === 0);
  });

  it('that never read cost the others nothing, and go', async () => {
    const job = await harness.runningJob();
    const [stalled] = await attach(1, requestFor(job.id));
    stalled?.pause();
    await until(() => harness.subscribers === 1);
    for (let round = 0; round < 20; round += 1) await job.write(`${'x'.repeat(99)}\n`.repeat(5_000));
    stalled?.destroy();
    await until(() => harness.subscribers === 0);
  });
});
