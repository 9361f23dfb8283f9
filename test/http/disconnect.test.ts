import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';
import { Reservation } from './single-connection.ts';

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
    // Who leaves before the stream is open leaves a reservation behind, for so long.
    streamLimits: { openWithinMs: 5_000, reopenWithinMs: 500 },
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

function graphqlRequest(query: string, path = '/graphql'): string {
  const body = JSON.stringify({ query });
  return (
    head('POST', path, ['Content-Type: application/json', `Content-Length: ${String(body.length)}`]) + body
  );
}

/** How to become a reader: a request, and what else there is to do once it is being answered. */
interface Reading {
  readonly request: string;
  readonly begin?: () => Promise<Response>;
}

const LOGS = (id: JobId): string => `subscription { jobLogs(jobId: ${String(id)}) { __typename } }`;
const CHANGES = (id: JobId): string => `subscription { jobChanged(jobId: ${String(id)}) { status } }`;

async function singleConnection(query: string): Promise<Reading> {
  const { token } = await Reservation.make(harness);
  return {
    request: head('GET', `/graphql/stream?token=${token}`),
    begin: () => new Reservation(harness, token).start('1', query),
  };
}

/** Every way to wait for a job that prints nothing. */
const DOORS: readonly [string, (jobId: JobId) => Reading | Promise<Reading>][] = [
  ['jobLogs', (id) => ({ request: graphqlRequest(LOGS(id)) })],
  ['jobChanged', (id) => ({ request: graphqlRequest(CHANGES(id)) })],
  ['/graphql/stream, distinct', (id) => ({ request: graphqlRequest(LOGS(id), '/graphql/stream') })],
  ['/graphql/stream, single, jobLogs', (id) => singleConnection(LOGS(id))],
  ['/graphql/stream, single, jobChanged', (id) => singleConnection(CHANGES(id))],
  ['/events live', (id) => ({ request: head('GET', `/events?job_id=${String(id)}`) })],
  ['/events from a cursor', (id) => ({ request: head('GET', `/events?job_id=${String(id)}&after=0`) })],
];

const LEAVING: readonly [string, (socket: Socket) => void][] = [
  ['a closed connection', (socket) => socket.destroy()],
  ['a reset', (socket) => socket.resetAndDestroy()],
  ['a half-close', (socket) => socket.end()],
];

async function attach(count: number, readingOf: () => Reading | Promise<Reading>): Promise<Socket[]> {
  const sockets: Socket[] = [];
  // A few at a time, so that also on a busy machine no reservation waits long for its stream.
  while (sockets.length < count) {
    const few = Math.min(20, count - sockets.length);
    sockets.push(
      ...(await Promise.all(Array.from({ length: few }, async () => attachOne(await readingOf())))),
    );
  }
  return sockets;
}

async function attachOne({ request, begin }: Reading): Promise<Socket> {
  const socket = await harness.connect();
  socket.on('error', () => undefined);
  socket.resume();
  const answered = begin === undefined ? undefined : once(socket, 'data');
  socket.write(request);
  await answered;
  if (begin !== undefined) expect((await begin()).status).toBe(202);
  return socket;
}

describe.each(DOORS)('readers of %s', (_door, readingFor) => {
  it.each(LEAVING)('are released within 100 ms after %s', async (_kind, leave) => {
    const job = await harness.runningJob();
    const sockets = await attach(READERS, () => readingFor(job.id));
    await until(() => harness.subscribers >= READERS);
    for (const socket of sockets) leave(socket);
    await until(() => harness.subscribers === 0, LIMIT_MS);
    for (const socket of sockets) socket.destroy();
  });

  it.each(LEAVING)(
    'are released, too, where their request waits behind a stream of the same connection, after %s',
    async (_kind, leave) => {
      const job = await harness.runningJob();
      const before = graphqlRequest(LOGS(job.id));
      const sockets = await attach(20, async () => {
        const { request, begin } = await readingFor(job.id);
        return { request: before + request, ...(begin && { begin }) };
      });
      await until(() => harness.subscribers === 40);
      for (const socket of sockets) leave(socket);
      await until(() => harness.subscribers === 0, LIMIT_MS);
      for (const socket of sockets) socket.destroy();
    },
  );

  it('are released when they leave before the first byte, and while their job is looked up', async () => {
    const job = await harness.runningJob();
    lookup.held = true;
    const sockets = await attach(READERS, () => readingFor(job.id));
    await until(() => harness.subscribers >= READERS);
    for (const [index, socket] of sockets.entries()) LEAVING[index % LEAVING.length]?.[1](socket);
    await until(() => harness.subscribers === 0, LIMIT_MS);
    lookup.release();
    for (const socket of sockets) socket.destroy();
    await job.end();
  });

  it('leave nothing behind when they leave at any moment', async () => {
    const job = await harness.runningJob();
    await Promise.all(
      Array.from({ length: READERS }, async (_, index) => {
        const { request, begin } = await readingFor(job.id);
        const socket = await harness.connect();
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(request);
        const begun = begin?.();
        // Spread over the whole of a request's life, which takes a few milliseconds here.
        for (let turn = 0; turn < index % 40; turn += 1)
          await new Promise((resolve) => setImmediate(resolve));
        socket.resetAndDestroy();
        await begun;
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
    const { request, begin } = await readingFor(job.id);
    const client = spawn(process.execPath, [
      '-e',
      `const socket = require('node:net').connect(${String(harness.port)}, '127.0.0.1');
       socket.write(${JSON.stringify(request)}); socket.pipe(process.stdout);`,
    ]);
    await once(client.stdout, 'data');
    await begin?.();
    await until(() => harness.subscribers === 1);
    client.kill('SIGKILL');
    await until(() => harness.subscribers === 0);
  });

  it('that never read cost the others nothing, and go', async () => {
    const job = await harness.runningJob();
    const [stalled] = await attach(1, () => readingFor(job.id));
    stalled?.pause();
    await until(() => harness.subscribers === 1);
    for (let round = 0; round < 20; round += 1) await job.write(`${'x'.repeat(99)}\n`.repeat(5_000));
    stalled?.destroy();
    await until(() => harness.subscribers === 0);
  });
});
