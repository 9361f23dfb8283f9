import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelJob, JOB_LOGS, startScript, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { descriptorCount, residentBytes } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
let jobId: string;
beforeAll(async () => {
  server = await LifelineServer.start();
});
beforeEach(async () => {
  jobId = await startScript(server, 'exec sleep 1000');
  await untilStatus(server, jobId, 'RUNNING');
});
afterEach(async () => {
  await cancelJob(server, jobId, 0);
  await untilOver(server, jobId);
  await server.assertNothingIsLeft();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const JOB_CHANGED = 'subscription ($jobId: ID!) { jobChanged(jobId: $jobId) { status } }';

/** How soon a silent job's reader must be released: far below the ping of 10 s and the poll of 1 s; 100 ms on a quiet machine. */
const SOON_MS = 900;

function subscription(query: string): string {
  const body = JSON.stringify({ query, variables: { jobId } });
  return [
    'POST /graphql HTTP/1.1',
    `Host: 127.0.0.1:${String(server.port)}`,
    `Authorization: Bearer ${server.token}`,
    'Content-Type: application/json',
    'Accept: text/event-stream',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    '',
    body,
  ].join('\r\n');
}

function events(): string {
  return `GET /events?job_id=${jobId} HTTP/1.1\r\nHost: 127.0.0.1:${String(server.port)}\r\nAuthorization: Bearer ${server.token}\r\n\r\n`;
}

/** Sends a request on a socket of its own, which the caller ends. */
async function open(request: string): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise<void>((resolve) => socket.write(request, () => resolve()));
  return socket;
}

/** Waits until the head of the answer has come. */
async function attached(socket: Socket): Promise<Socket> {
  await once(socket, 'data');
  socket.resume();
  return socket;
}

async function subscribers(): Promise<number> {
  return (await server.counters()).subscribers;
}

/** Nobody is left, and no request is still on its way in: every connection is closed. */
async function expectAllGone(descriptors: number): Promise<void> {
  await untilTrue(async () => descriptorCount(server.pid) <= descriptors && (await subscribers()) === 0);
}

async function expectSoonGone(): Promise<void> {
  const sinceMs = performance.now();
  await untilTrue(async () => (await subscribers()) === 0);
  expect(performance.now() - sinceMs).toBeLessThan(SOON_MS);
}

const REQUESTS: [string, () => string][] = [
  ['jobLogs', () => subscription(JOB_LOGS)],
  ['jobChanged', () => subscription(JOB_CHANGED)],
  ['/events', events],
];

describe.each(REQUESTS)('200 readers of a silent job through %s', (_door, request) => {
  it('that are aborted are released at once', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => attached(await open(request()))),
    );
    await untilTrue(async () => (await subscribers()) === 200);
    for (const socket of sockets) socket.resetAndDestroy();
    await expectSoonGone();
  });

  it('that close only their side are released at once', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => attached(await open(request()))),
    );
    await untilTrue(async () => (await subscribers()) === 200);
    for (const socket of sockets) socket.end();
    await expectSoonGone();
    await Promise.all(sockets.map(async (socket) => socket.destroyed || once(socket, 'close')));
  });

  it('that leave before the first byte of the answer leave nothing', async () => {
    const descriptors = descriptorCount(server.pid);
    for (let round = 0; round < 10; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => open(request())));
      for (const socket of sockets) socket.destroy();
    }
    await expectAllGone(descriptors);
  });

  it('that leave at any moment, also while the resolver awaits, leave nothing', async () => {
    const descriptors = descriptorCount(server.pid);
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const socket = await open(request());
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
        if (index % 2 === 0) socket.destroy();
        else socket.end(() => socket.destroy());
      }),
    );
    await expectAllGone(descriptors);
  });
});

describe('a client that is killed', () => {
  it('is released at once, with all its readers', async () => {
    const program = `
      const net = require('node:net');
      for (let index = 0; index < 200; index += 1) net.connect(${String(server.port)}, '127.0.0.1').write(process.env.REQUEST);`;
    const client = spawn(process.execPath, ['-e', program], {
      env: { REQUEST: subscription(JOB_LOGS) },
      stdio: 'ignore',
    });
    try {
      await untilTrue(async () => (await subscribers()) === 200);
    } finally {
      client.kill('SIGKILL');
    }
    await expectSoonGone();
  });
});

describe('a storm of readers', () => {
  it('leaves neither descriptors nor memory behind', { timeout: 120_000 }, async () => {
    const storm = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 50) {
        const sockets = await Promise.all(
          Array.from({ length: 50 }, async () => attached(await open(subscription(JOB_LOGS)))),
        );
        for (const socket of sockets) socket.destroy();
      }
      await expectSoonGone();
    };
    await storm(1_000);
    const [bytes, descriptors] = [residentBytes(server.pid), descriptorCount(server.pid)];
    await storm(3_000);
    await untilTrue(() => descriptorCount(server.pid) <= descriptors);
    // A reader that stayed would keep some 20 kB: its socket, response and iterators.
    expect(residentBytes(server.pid) - bytes).toBeLessThan(40_000_000);
  });
});
