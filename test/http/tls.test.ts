import { once } from 'node:events';
import { constants, type ClientHttp2Stream } from 'node:http2';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import type { TlsIdentity } from '../../src/http/http-config.ts';
import { HostileProxy } from '../clients/hostile-proxy.ts';
import { makeCertificate } from './certificate.ts';
import { Harness, type HarnessOptions, TestStore, TOKEN, until } from './harness.ts';
import { answerOn, Http2Client, type Http2Call } from './http2-client.ts';

const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };
const READERS = 100;
const LIMIT_MS = 2_000;

let store: TestStore;
let identity: TlsIdentity;
beforeAll(async () => {
  store = await TestStore.open();
  identity = await makeCertificate();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

const warnings: string[] = [];
const noteWarning = ({ message }: Error): void => void warnings.push(message);
beforeAll(() => process.on('warning', noteWarning));
afterAll(() => process.off('warning', noteWarning));
afterEach(() => {
  // Such as a header of HTTP/1.1 that was set over HTTP/2, or listeners that were left behind.
  expect(warnings.splice(0)).toEqual([]);
});

function start({ config, ...options }: HarnessOptions = {}): Promise<Harness> {
  return Harness.start(store, { ...options, config: { tls: identity, ...config } });
}

function open({ url }: Harness): Promise<Http2Client> {
  return Http2Client.open(url, identity.certificate);
}

function post(query: string, path = '/graphql', accept = 'application/json'): Http2Call {
  const headers = { ...AUTHORIZATION, 'content-type': 'application/json', accept };
  return { method: 'POST', path, headers, body: JSON.stringify({ query }) };
}

function get(path: string): Http2Call {
  return { method: 'GET', path, headers: { ...AUTHORIZATION, accept: 'text/event-stream' } };
}

/** One request over HTTP/1.1 and TLS, as a client that believes in the certificate. */
function callHttp1(harness: Harness, path: string): Promise<{ status: number; protocol: string }> {
  return new Promise((resolve, reject) => {
    const options = { ca: identity.certificate, agent: false, headers: AUTHORIZATION };
    request(harness.url + path, options, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, protocol: response.httpVersion });
    })
      .on('error', reject)
      .end();
  });
}

describe('one port with TLS', () => {
  it('speaks HTTP/2 and HTTP/1.1, as the client chooses, and says https', async () => {
    await using harness = await start();
    expect(harness.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    using client = await open(harness);
    expect(client.session.alpnProtocol).toBe('h2');
    expect((await client.call(get('/readyz'))).body).toBe('ready');
    expect(await callHttp1(harness, '/readyz')).toEqual({ status: 200, protocol: '1.1' });
  });

  it('answers queries, mutations, subscriptions and downloads over one connection at once', async () => {
    await using harness = await start();
    const job = await harness.runningJob();
    await job.write('one\n');
    using client = await open(harness);
    const id = String(job.id);
    const calls = [
      post(
        `subscription { jobLogs(jobId: ${id}) { ... on LogLines { lines { text } } } }`,
        '/graphql',
        'text/event-stream',
      ),
      get(`/events?job_id=${id}&after=0`),
      get(`/jobs/${id}/log`),
      post('mutation { startJob(input: { command: ["true"] }) { id } }'),
      post('{ server { version } }'),
    ];
    const answers = Promise.all(calls.map((call) => client.call(call)));
    await until(() => harness.subscribers === 2);
    await job.write('two\n');
    await job.end();
    const [subscription, events, download, mutation, query] = (await answers).map(({ body }) => body);
    expect(subscription).toMatch(/one.*two.*event: complete/s);
    expect(events).toMatch(/one.*two.*event: log\.done/s);
    expect(download).toBe('one\n');
    expect(mutation).toContain('startJob');
    expect(query).toContain('1.2.3');
  });

  it('takes its host from :authority, and refuses a Host that differs', async () => {
    await using harness = await start();
    using client = await open(harness);
    const { host } = new URL(harness.url);
    const status = async (headers: Record<string, string>) =>
      (await client.call({ method: 'GET', path: '/healthz', headers })).status;
    expect(await status({ ':authority': host })).toBe(200);
    expect(await status({ ':authority': host, host })).toBe(200);
    expect(await status({ ':authority': host, host: 'evil.example' })).toBe(400);
    expect(await status({ ':authority': 'evil.example', host })).toBe(400);
    expect(await status({ ':authority': 'evil.example' })).toBe(403);
  });

  it('lets a browser in by a cookie that stays on HTTPS, and by tickets with https', async () => {
    await using harness = await start();
    using client = await open(harness);
    const login = await client.call({
      method: 'POST',
      path: '/login',
      headers: { 'content-type': 'application/json', origin: harness.url },
      body: JSON.stringify({ token: TOKEN }),
    });
    expect(login.status).toBe(204);
    const [cookie = ''] = login.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      new RegExp(
        `^__Host-lifeline-${String(harness.port)}=[\\w-]{43}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict; Secure$`,
      ),
    );
    // Who owns the name decides for the name; see decision 15.
    expect(login.headers['strict-transport-security']).toBeUndefined();
    const secret = cookie.split(';')[0]!;
    const readiness = async (headers: Record<string, string>) =>
      (await client.call({ method: 'GET', path: '/readyz', headers })).status;
    expect(await readiness({ cookie: secret })).toBe(200);
    expect(await readiness({ cookie: secret.replace('__Host-', '') })).toBe(401);
    expect(await readiness({ cookie: secret, origin: harness.url.replace('https:', 'http:') })).toBe(403);
    const ticket = await client.call({ ...post(''), path: '/login/ticket', body: '{}' });
    const { url } = JSON.parse(ticket.body) as { url: string };
    expect(url).toContain(`${harness.url}/login/ticket?`);
    expect(harness.server.ticketUrl(harness.url)).toContain('https://');
  });

  it('closes what speaks no TLS, and lives', async () => {
    await using harness = await start();
    const socket = connect({ port: harness.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(await callHttp1(harness, '/healthz')).toMatchObject({ status: 200 });
    expect(harness.faults).toEqual([]);
  });
});

const LOGS = (id: JobId): string => `subscription { jobLogs(jobId: ${String(id)}) { __typename } }`;
const DOORS: readonly [string, (id: JobId) => Http2Call][] = [
  ['jobLogs', (id) => post(LOGS(id), '/graphql', 'text/event-stream')],
  [
    'jobChanged',
    (id) =>
      post(`subscription { jobChanged(jobId: ${String(id)}) { status } }`, '/graphql', 'text/event-stream'),
  ],
  ['/graphql/stream', (id) => post(LOGS(id), '/graphql/stream', 'text/event-stream')],
  ['/events', (id) => get(`/events?job_id=${String(id)}&after=0`)],
];

const LEAVING: readonly [string, (client: Http2Client, streams: readonly ClientHttp2Stream[]) => void][] = [
  [
    'their streams were reset',
    (_client, streams) => {
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    },
  ],
  ['their session was ended', ({ session }) => session.destroy()],
  ['their connection was cut', ({ connection }) => connection.resetAndDestroy()],
  ['a FIN came', ({ connection }) => connection.end()],
];

describe.each(DOORS)('readers of %s over HTTP/2', (_door, callFor) => {
  it.each(LEAVING)('are released at once, while their job is silent, after %s', async (_kind, leave) => {
    await using harness = await start();
    const job = await harness.runningJob();
    using client = await open(harness);
    const streams = Array.from({ length: READERS }, () => client.stream(callFor(job.id)).resume());
    await until(() => harness.subscribers === READERS);
    leave(client, streams);
    await until(() => harness.subscribers === 0, LIMIT_MS);
    expect(harness.faults).toEqual([]);
  });

  it('are released when they leave while their job is looked up', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using harness = await start({
      services: (real) => ({
        ...real,
        jobs: { findJob: (id) => held.then(() => real.jobs.findJob(id)) },
      }),
    });
    const job = await harness.runningJob();
    using client = await open(harness);
    const streams = Array.from({ length: READERS }, () => client.stream(callFor(job.id)));
    await until(() => harness.subscribers === READERS);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await until(() => harness.subscribers === 0, LIMIT_MS);
    release();
  });
});

describe('closing a server with TLS', () => {
  it('cuts streams with an error and without their end, and closes all connections', async () => {
    const harness = await start();
    const job = await harness.runningJob();
    await job.write('line\n');
    using client = await open(harness);
    using idle = await open(harness);
    const idleClosed = once(idle.session, 'close');
    const answers = DOORS.map(async ([, callFor]) => answerOn(client.stream(callFor(job.id))));
    await until(() => harness.subscribers === DOORS.length);
    const startedAtMs = performance.now();
    await harness.server.close({ deadlineMs: 5_000 });
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    for (const { body, resetCode } of await Promise.all(answers)) {
      expect(resetCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
      expect(body).not.toMatch(/complete|log\.done/);
    }
    await idleClosed;
    await harness[Symbol.asyncDispose]();
  });

  it('lets a request that has begun finish, and cuts what is not finished at the deadline', async () => {
    let finish: (id: JobId) => void = () => undefined;
    let asked = 0;
    const harness = await start({
      services: (real) => ({
        ...real,
        supervisor: {
          ...real.supervisor,
          startJob: () => {
            asked += 1;
            return asked === 1
              ? new Promise<JobId>((resolve) => (finish = resolve))
              : new Promise(() => undefined);
          },
        },
      }),
    });
    const { id } = await harness.runningJob();
    using client = await open(harness);
    const begun = client.call(post('mutation { startJob(input: { command: ["a"] }) { id } }'));
    await until(() => asked === 1);
    const endless = client.call(post('mutation { startJob(input: { command: ["a"] }) { id } }'));
    await until(() => asked === 2);
    const closed = harness.server.close({ deadlineMs: 300 });
    finish(id);
    expect((await begun).body).toContain(`"${String(id)}"`);
    expect((await endless).status).toBe(0);
    await closed;
    await harness[Symbol.asyncDispose]();
  });
});

describe('what HTTP/2 would let a client do', () => {
  const timeouts = { headersMs: 300, requestMs: 300 };

  it('is bounded: a body that does not come is answered 408', async () => {
    await using harness = await start({ timeouts });
    using client = await open(harness);
    const { body: _body, ...head } = post('');
    const answer = await answerOn(client.stream({ ...head, body: '{' }, false));
    expect(answer.status).toBe(408);
    expect(answer.body).toContain('LIMIT_EXCEEDED');
  });

  it('is bounded: a connection on which nothing is asked is closed, one with a stream is not', async () => {
    await using harness = await start({ timeouts });
    const job = await harness.runningJob();
    using reading = await open(harness);
    reading.stream(get(`/events?job_id=${String(job.id)}&after=0`)).resume();
    await until(() => harness.subscribers === 1);
    using unused = await open(harness);
    // Bytes are no requests.
    const pinging = setInterval(() => unused.session.ping(() => undefined), 50);
    await once(unused.session, 'close');
    clearInterval(pinging);
    expect(harness.subscribers).toBe(1);
    expect((await reading.call(get('/readyz'))).status).toBe(200);
  });

  it('is bounded: a peer that has gone without a word is noticed, one that is silent is left alone', async () => {
    await using harness = await start({
      timeouts: { lifeSignMs: 100 },
      config: { allowedHosts: ['127.0.0.1'] },
    });
    const job = await harness.runningJob();
    const follow = get(`/events?job_id=${String(job.id)}&after=0`);
    using silent = await open(harness);
    let lifeSigns = 0;
    silent.session.on('ping', () => (lifeSigns += 1));
    silent.stream(follow).resume();
    await until(() => harness.subscribers === 1);
    await using proxy = await HostileProxy.listen(() => ({ kind: 'die', afterBytes: Infinity }));
    proxy.targetPort = harness.port;
    using gone = await Http2Client.open(`https://${proxy.host}`, identity.certificate);
    gone.stream(follow).resume();
    await until(() => harness.subscribers === 2);
    proxy.stopAll();
    await job.write(`${'x'.repeat(20_000)}\n`);
    await until(() => harness.subscribers === 1);
    const before = lifeSigns;
    await until(() => lifeSigns > before + 3);
    expect((await silent.call(get('/readyz'))).status).toBe(200);
    expect(harness.subscribers).toBe(1);
  });

  it('is bounded: a handshake that does not come, and slow headers of HTTP/1.1', async () => {
    await using harness = await start({ timeouts });
    const silent = connect({ port: harness.port, host: '127.0.0.1' }).resume();
    silent.on('error', () => undefined);
    await once(silent, 'close');
    expect(await harness.raw('GET /healthz HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('is bounded: streams at once, the size of headers, and the settings of a session', async () => {
    await using harness = await start();
    using client = await open(harness);
    await until(() => client.session.remoteSettings.maxConcurrentStreams === 128);
    expect(client.session.remoteSettings.maxHeaderListSize).toBe(16 * 1024);
    const huge = { ...AUTHORIZATION, 'x-large': 'x'.repeat(64 * 1024) };
    expect((await client.call({ method: 'GET', path: '/readyz', headers: huge })).status).not.toBe(200);
    using other = await open(harness);
    expect((await other.call(get('/readyz'))).status).toBe(200);
  });

  it('is bounded: streams that are opened and reset at once (CVE-2023-44487)', async () => {
    await using harness = await start();
    const job = await harness.runningJob();
    using client = await open(harness);
    let goaway = -1;
    client.session.on('goaway', (code: number) => (goaway = code));
    for (let count = 0; count < 20_000 && !client.session.closed && !client.session.destroyed; count += 1) {
      client.stream(get(`/events?job_id=${String(job.id)}&after=0`)).close(constants.NGHTTP2_CANCEL);
      if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => client.session.destroyed);
    expect(goaway).not.toBe(constants.NGHTTP2_NO_ERROR);
    await until(() => harness.subscribers === 0);
    using other = await open(harness);
    expect((await other.call(get('/readyz'))).status).toBe(200);
  });

  it('is none of another protocol, nor of an old TLS', async () => {
    await using harness = await start();
    const there = { port: harness.port, host: '127.0.0.1', rejectUnauthorized: false };
    for (const options of [
      { ALPNProtocols: ['spdy/3'] },
      { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' },
    ] as const) {
      const socket = connectTls({ ...there, ...options });
      await expect(once(socket, 'secureConnect')).rejects.toThrow(/alert|protocol|disconnected|reset/);
      socket.destroy();
    }
  });
});
