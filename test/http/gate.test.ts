import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { constants } from 'node:http2';
import type { TlsIdentity } from '../../src/http/http-config.ts';
import { makeCertificate } from './certificate.ts';
import { Harness, TestStore, TOKEN } from './harness.ts';
import { Http2Client } from './http2-client.ts';
import { loopbackAddresses } from './loopback-addresses.ts';

const ORIGIN = 'http://app.example:5173';
const START = JSON.stringify({ query: 'mutation { startJob(input: { command: ["true"] }) { id } }' });

type Protocol = 'HTTP/1.1' | 'HTTP/1.1 over TLS' | 'HTTP/2';
const PROTOCOLS: readonly Protocol[] = ['HTTP/1.1', 'HTTP/1.1 over TLS', 'HTTP/2'];

let store: TestStore;
let identity: TlsIdentity;
beforeAll(async () => {
  store = await TestStore.open();
  identity = await makeCertificate();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

/** Each request comes from an address of its own: one that sends wrong tokens is slowed down. */
const nextAddress = loopbackAddresses();

let harness: Harness;
let protocol: Protocol;
async function start(wanted: Protocol): Promise<void> {
  protocol = wanted;
  const tls = protocol === 'HTTP/1.1' ? null : identity;
  harness = await Harness.start(store, {
    config: { allowedOrigins: [ORIGIN], allowedHosts: ['lifeline.test'], tls },
  });
}
interface RawRequest {
  readonly method?: string;
  readonly target?: string;
  /** Headers beside or instead of the usual ones; null leaves one out. */
  readonly headers?: Record<string, string | null>;
  readonly body?: string;
}

/** Sends a request as it stands; without anything given it is one that passes. */
async function send(request: RawRequest): Promise<{ status: number; head: string; body: string }> {
  return protocol === 'HTTP/2' ? sendOverHttp2(request) : sendBytes(request);
}

async function sendOverHttp2({
  method = 'POST',
  target = '/graphql',
  headers = {},
  body = START,
}: RawRequest) {
  const all: Record<string, string | null> = {
    Host: `127.0.0.1:${String(harness.port)}`,
    Authorization: `Bearer ${TOKEN}`,
    ...(method === 'POST' && { 'Content-Type': 'application/json' }),
    ...headers,
  };
  const sent = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [[name === 'Host' ? ':authority' : name.toLowerCase(), value]],
  );
  using client = await Http2Client.open(harness.url, identity.certificate, nextAddress());
  const answer = await client.call({
    method,
    path: target,
    headers: Object.fromEntries(sent) as Record<string, string>,
    ...(method === 'POST' && { body }),
  });
  // What is malformed for HTTP/2 itself does not come so far as to have a status.
  const status = answer.resetCode === constants.NGHTTP2_PROTOCOL_ERROR ? 400 : answer.status;
  const head = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
  return { status, head: head.join('\r\n').toLowerCase(), body: answer.body };
}

async function sendBytes({ method = 'POST', target = '/graphql', headers = {}, body = START }: RawRequest) {
  const content = method === 'POST' ? body : '';
  const all: Record<string, string | null> = {
    Host: `127.0.0.1:${String(harness.port)}`,
    Authorization: `Bearer ${TOKEN}`,
    ...(method === 'POST' && { 'Content-Type': 'application/json' }),
    ...(content !== '' && { 'Content-Length': String(Buffer.byteLength(content)) }),
    Connection: 'close',
    ...headers,
  };
  const head = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  const text = [`${method} ${target} HTTP/1.1`, ...head, '', content].join('\r\n');
  const received = await harness.raw(text, () => false, nextAddress());
  const [answerHead = '', answerBody = ''] = received.split('\r\n\r\n', 2);
  return { status: Number(answerHead.split(' ')[1]), head: answerHead.toLowerCase(), body: answerBody };
}

const EVERY_PATH = [
  '/',
  '/graphql',
  '/graphql/stream',
  '/events?job_id=1',
  '/jobs/1/log',
  '/readyz',
  '/healthz',
  '/x/healthz',
];
const EVERY_METHOD = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];

describe.each(PROTOCOLS)('the gate over %s', (wanted) => {
  beforeEach(async () => {
    await start(wanted);
  });
  afterEach(async () => {
    await harness[Symbol.asyncDispose]();
  });

  it('lets a request with everything in order through', async () => {
    const { status, body } = await send({});
    expect(status).toBe(200);
    expect(body).toContain('startJob');
    expect(harness.started).toHaveLength(1);
  });

  it.each([
    ['a foreign Host (DNS rebinding)', { Host: 'evil.example' }],
    ['a foreign Host with our port', { Host: 'evil.example:4000' }],
    ['our name with another port', { Host: '127.0.0.1:1' }],
    ['our name with a dot behind it', { Host: 'localhost.:4000' }],
    ['a foreign Origin', { Origin: 'http://evil.example' }],
    ['Origin null', { Origin: 'null' }],
    ['an origin that only begins like an allowed one', { Origin: `${ORIGIN}0` }],
    ['our own name as origin, with another port', { Origin: 'http://127.0.0.1:1' }],
  ])('refuses %s with 403 on every path and method', async (_name, headers) => {
    for (const target of EVERY_PATH) {
      for (const method of EVERY_METHOD) {
        const { status, head } = await send({ method, target, headers });
        expect([method, target, status]).toEqual([method, target, 403]);
        expect(head).not.toContain('access-control-allow-origin');
      }
    }
    expect(harness.started).toEqual([]);
  });

  it.each([
    ['no Host', { Host: null }],
    ['a malformed Host', { Host: '[bad' }],
    ['a Host with a path', { Host: '127.0.0.1:80/x' }],
  ])('refuses %s with 400', async (_name, headers) => {
    // Node's HTTP/2 client has no way to leave it out.
    if (wanted === 'HTTP/2' && headers.Host === null) return;
    expect((await send({ headers })).status).toBe(400);
  });

  // What cannot be written in HTTP/2.
  if (wanted !== 'HTTP/2') {
    it('refuses two Host headers, targets that are no path, and what is no HTTP, with 400 and the server lives', async () => {
      const host = `127.0.0.1:${String(harness.port)}`;
      expect(
        await harness.raw(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n\r\n`, ended),
      ).toMatch(/^HTTP\/1.1 400 /);
      expect((await send({ target: `http://${host}/graphql` })).status).toBe(400);
      expect((await send({ method: 'OPTIONS', target: '*' })).status).toBe(400);
      const answer = await harness.raw('NONSENSE\r\n\r\n');
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      expect(answer).not.toContain('node:');
      expect((await send({})).status).toBe(200);
    });
  }

  it.each([
    ['localhost', () => `localhost:${String(harness.port)}`],
    ['LOCALHOST', () => `LOCALHOST:${String(harness.port)}`],
    ['[::1]', () => `[::1]:${String(harness.port)}`],
    ['an allowed host', () => 'lifeline.test'],
    ['an allowed host with any port', () => 'lifeline.test:8443'],
  ])('answers to %s', async (_name, host) => {
    expect((await send({ headers: { Host: host() } })).status).toBe(200);
  });

  it.each([
    ['no credential', { Authorization: null }],
    ['a wrong token', { Authorization: 'Bearer wrong' }],
    ['a token that only begins right', { Authorization: `Bearer ${TOKEN}0` }],
    ['the token with another scheme', { Authorization: `Basic ${TOKEN}` }],
    ['an empty credential', { Authorization: '' }],
  ])('answers %s with 401 everywhere but /healthz', async (_name, headers) => {
    for (const target of EVERY_PATH) {
      if (target === '/healthz') continue;
      const refused = ['GET', 'POST', 'DELETE'].map(async (method) => {
        const { status, head } = await send({ method, target, headers });
        expect([method, target, status]).toEqual([method, target, 401]);
        expect(head).toContain('www-authenticate: bearer');
      });
      await Promise.all(refused);
    }
    const health = await send({ method: 'GET', target: '/healthz', headers });
    expect([health.status, health.body]).toEqual([200, 'ok']);
    expect(harness.started).toEqual([]);
  });

  it('refuses a token in a URL, with and without the header', async () => {
    expect((await send({ target: `/graphql?token=${TOKEN}`, headers: { Authorization: null } })).status).toBe(
      401,
    );
    expect((await send({ target: `/graphql?access_token=${TOKEN}` })).status).toBe(400);
    expect(harness.started).toEqual([]);
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=mutation+%7B+startJob+%7D'],
    ['plain text', 'text/plain', START],
    ['a multipart form', 'multipart/form-data; boundary=x', '--x--'],
    ['a GraphQL document', 'application/graphql', 'mutation { startJob }'],
    ['a type that only begins like JSON', 'application/json-seq', START],
    ['no type', null, START],
  ])('refuses %s with 415', async (_name, type, body) => {
    const { status } = await send({ headers: { 'Content-Type': type }, body });
    expect(status).toBe(415);
    expect(harness.started).toEqual([]);
  });

  it('takes parameters of the content type, and refuses a compressed body', async () => {
    expect((await send({ headers: { 'Content-Type': 'Application/JSON; charset=utf-8' } })).status).toBe(200);
    expect((await send({ headers: { 'Content-Encoding': 'gzip' } })).status).toBe(415);
  });

  it('answers unknown paths with 404 and unknown methods with 405 and what is allowed', async () => {
    for (const target of [
      '/static/',
      '/graphql/',
      '/x/healthz',
      '/healthz/',
      '/events/',
      '/jobs/1/log/',
      '/%67raphql',
    ]) {
      expect([target, (await send({ method: 'GET', target })).status]).toEqual([target, 404]);
    }
    const query = await send({ method: 'GET', target: '/graphql?query=mutation%7BstartJob%7D' });
    expect(query.status).toBe(405);
    expect(query.head).toContain('allow: post');
    expect(query.body).toContain('"errors"');
    expect((await send({ method: 'DELETE', target: '/events?job_id=1' })).status).toBe(405);
    expect(harness.started).toEqual([]);
  });

  it('lets pages of an allowed origin in, with CORS headers and without credentials', async () => {
    const preflight = await send({
      method: 'OPTIONS',
      headers: { Origin: ORIGIN, Authorization: null, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.head).toContain(`access-control-allow-origin: ${ORIGIN}`);
    expect(preflight.head).toContain('access-control-allow-headers: authorization, content-type');
    const request = await send({ headers: { Origin: ORIGIN } });
    expect(request.status).toBe(200);
    expect(request.head).toContain(`access-control-allow-origin: ${ORIGIN}`);
    expect(request.head).toContain('vary: origin');
    expect(request.head).not.toContain('allow-credentials');
  });

  it('lets its own pages in', async () => {
    const { status, head } = await send({ headers: { Origin: harness.url } });
    expect(status).toBe(200);
    expect(head).not.toContain('access-control');
  });

  it('sends the security headers with every answer', async () => {
    for (const request of [
      {},
      { target: '/nowhere' },
      { headers: { Host: 'evil.example' } },
      { method: 'GET', target: '/healthz' },
    ]) {
      const { head } = await send(request);
      expect(head).toContain('x-content-type-options: nosniff');
      expect(head).toContain('referrer-policy: no-referrer');
      expect(head).toContain("content-security-policy: default-src 'none'");
      expect(head).toContain('cache-control: no-store');
    }
  });

  it.each([
    ['a declared', { 'Content-Length': String(64 * 1024 * 1024) }],
    ['a chunked', { 'Content-Length': null, 'Transfer-Encoding': 'chunked' }],
  ])('refuses %s body of more than 256 KiB with 413', async (_name, headers) => {
    const chunk = `40000\r\n${' '.repeat(0x40000)}\r\n`;
    const body = headers['Content-Length'] === null ? chunk + chunk : '{}';
    const answer = await harness.raw(
      [
        'POST /graphql HTTP/1.1',
        `Host: 127.0.0.1:${String(harness.port)}`,
        `Authorization: Bearer ${TOKEN}`,
        'Content-Type: application/json',
        ...Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`])),
        '',
        body,
      ].join('\r\n'),
      (received) => received.includes('LIMIT_EXCEEDED'),
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it.each([
    ['no JSON', '{"query":'],
    ['a batch', `[${START}]`],
    ['no query', '{}'],
    ['variables that are no object', '{"query":"{ server { version } }","variables":"{"}'],
  ])('answers a body with %s with 400', async (_name, body) => {
    const { status, body: answer } = await send({ body });
    expect(status).toBe(400);
    expect(JSON.parse(answer)).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] });
  });
});

describe('slow clients', () => {
  it.each([
    ['headers', 'POST /graphql HTTP/1.1\r\nHost: x\r\n'],
    [
      'body',
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    ],
  ])('are answered 408 and cut while they still send their %s', async (_name, text) => {
    await using slow = await Harness.start(store, {
      timeouts: { headersMs: 200, requestMs: 300 },
      config: { allowedHosts: ['localhost'] },
    });
    expect(await slow.raw(text)).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('without authentication', () => {
  it('asks for no token, and still checks everything else', async () => {
    await using open = await Harness.start(store, { config: { auth: 'off', token: '' } });
    const response = await fetch(`${open.url}/readyz`);
    expect([response.status, await response.text()]).toEqual([200, 'ready']);
    const foreign = await fetch(`${open.url}/readyz`, { headers: { origin: 'http://evil.example' } });
    expect(foreign.status).toBe(403);
  });
});

function ended(received: string): boolean {
  return received.includes('\r\n\r\n');
}
