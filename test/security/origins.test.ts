import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AttackedServer } from './attacked-server.ts';

const ALLOWED = 'https://front.example';

let attacked: AttackedServer;
beforeAll(async () => {
  attacked = await AttackedServer.start({
    args: ['--allowed-origin', ALLOWED, '--allowed-host', 'lifeline.example'],
  });
});
afterEach(async () => {
  await attacked.expectUnharmed();
});
afterAll(async () => {
  await attacked.leave();
});

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];
const PATHS = [
  '/',
  '/graphql',
  '/graphql/stream',
  '/events?job_id=1&after=0',
  '/jobs/1/log',
  '/jobs/1/log?stream=stdout',
  '/healthz',
  '/readyz',
  '/login',
  '/login/ticket',
  '/logout',
  '/static/assets/x.js',
  '/nothing',
];

/** With the token in any case: what is refused is where the request comes from. */
async function onEveryDoor(
  changes: Readonly<Record<string, string | null>>,
  expectRefused: (answer: { readonly status: number; readonly head: string }, what: string) => void,
): Promise<void> {
  // Ray's CVE-2026-27482: POST was guarded and DELETE forgotten. So all of them, all together.
  await Promise.all(
    PATHS.flatMap((target) =>
      METHODS.map(async (method) => {
        const answer = await attacked.sendRequest({
          method,
          target,
          headers: attacked.headersWith(changes),
          body: attacked.payload,
        });
        expectRefused(answer, `${method} ${target}`);
      }),
    ),
  );
}

describe('a page whose name was pointed at this address (DNS rebinding: CVE-2025-66414, CVE-2026-27482, CVE-2026-11624)', () => {
  it.each([
    ['by name', 'rebound.example', undefined],
    ['by name and port', 'rebound.example:PORT', undefined],
    ['with the Origin that its browser sends', 'rebound.example:PORT', 'http://rebound.example:PORT'],
    ['by a name that begins as ours', '127.0.0.1.nip.example:PORT', undefined],
    ['by a name that ends as an allowed one', 'evil-lifeline.example', undefined],
  ])('gets nothing %s, on any path by any method', async (_name, host, origin) => {
    const port = (text: string): string => text.replace('PORT', String(attacked.server.port));
    const changes = { Host: port(host), ...(origin !== undefined && { Origin: port(origin) }) };
    await onEveryDoor(changes, ({ status, head }, what) => {
      expect([what, status]).toEqual([what, 403]);
      expect(head).not.toContain('access-control');
    });
  });
});

describe('a page of another origin', () => {
  it.each([
    ['any', 'https://evil.example'],
    ['null, of a sandboxed frame', 'null'],
    ['a file', 'file://'],
    ['an extension', 'chrome-extension://abcdef'],
    ['another port of this host', 'http://127.0.0.1:1'],
    ['this host over TLS', 'https://127.0.0.1:PORT'],
    ['one that begins as ours', 'http://127.0.0.1:PORT.evil.example'],
    ['one that holds ours as its user', 'http://127.0.0.1:PORT@evil.example'],
    ['one that begins as an allowed one', `${ALLOWED}.evil.example`],
    ['an allowed one in upper case', ALLOWED.toUpperCase()],
    ['an allowed one with a slash', `${ALLOWED}/`],
    ['an allowed one over plain HTTP', 'http://front.example'],
    ['one below an allowed one', 'https://x.front.example'],
    ['two in one', `${ALLOWED} https://evil.example`],
    ['a list', `${ALLOWED}, https://evil.example`],
    ['an empty one', ''],
  ])('gets nothing, on any path by any method: %s', async (_name, origin) => {
    const changes = { Origin: origin.replace('PORT', String(attacked.server.port)) };
    await onEveryDoor(changes, ({ status, head }, what) => {
      expect([what, status]).toEqual([what, 403]);
      expect(head).not.toContain('access-control-allow-origin');
    });
  });

  it('gets nothing by a second Origin header, in either order', async () => {
    for (const origins of [
      [ALLOWED, 'https://evil.example'],
      ['https://evil.example', ALLOWED],
    ]) {
      const headers = [
        ...attacked.headers(),
        ...origins.map((origin): [string, string] => ['Origin', origin]),
      ];
      expect((await attacked.sendRequest({ headers, body: attacked.payload })).status).toBe(403);
    }
  });
});

describe('a request that a page can send without asking first (Fetch standard, CORS-safelisted)', () => {
  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['a multipart form', 'multipart/form-data; boundary=x'],
    ['plain text', 'text/plain'],
    ['plain text that mentions JSON', 'text/plain; application/json'],
    ['plain text with JSON as charset', 'text/plain; charset=application/json'],
    ['a list', 'text/plain, application/json'],
    ['a list, JSON first', 'application/json, text/plain'],
    ['JSON of another kind', 'application/graphql+json'],
    ['JSON with a suffix', 'application/jsonp'],
    ['JSON in a newer name', 'application/graphql-response+json'],
    ['JSON with a vertical tab', 'application/json\x0b'],
    ['JSON with a no-break space', 'application/json\xa0'],
    ['an empty type', ''],
    ['a parameter alone', ';application/json'],
    ['no type at all', null],
  ])('is refused though its body is JSON and it has the token: %s', async (_name, type) => {
    for (const target of ['/graphql', '/graphql/stream', '/login', '/login/ticket', '/logout']) {
      const { status } = await attacked.sendRequest({
        target,
        headers: attacked.headersWith({ 'Content-Type': type, Accept: 'text/event-stream' }),
        body: attacked.payload,
      });
      expect([target, status]).toEqual([target, expect.toSatisfy((it: number) => it === 415 || it === 400)]);
    }
  });

  it('is refused with two content types, in either order', async () => {
    for (const types of [
      ['application/json', 'text/plain'],
      ['text/plain', 'application/json'],
    ]) {
      const headers = [
        ...attacked.headersWith({ 'Content-Type': null }),
        ...types.map((type): [string, string] => ['Content-Type', type]),
      ];
      expect((await attacked.sendRequest({ headers, body: attacked.payload })).status).toBe(415);
    }
  });

  it.each([['utf-16'], ['utf-7'], ['shift_jis'], ['x-user-defined']])(
    'is read as UTF-8 whatever charset it names: %s',
    async (charset) => {
      // A body in that charset would be another request than the one that was checked.
      const body = Buffer.from(attacked.payload, 'utf16le').toString('latin1');
      const changes = { 'Content-Type': `application/json; charset=${charset}` };
      const { status } = await attacked.sendRequest({ headers: attacked.headersWith(changes, body), body });
      expect([400, 415]).toContain(status);
    },
  );
});

describe('a method that is not what it seems', () => {
  it.each([
    ['query=', () => `/graphql?query=${encodeURIComponent(attacked.mutation)}`],
    ['query= with an event stream', () => `/graphql/stream?query=${encodeURIComponent(attacked.mutation)}`],
    ['query= and _method=', () => `/graphql?_method=POST&query=${encodeURIComponent(attacked.mutation)}`],
    ['an image at the start page', () => `/?query=${encodeURIComponent(attacked.mutation)}`],
  ])('GET starts nothing by %s', async (_name, target) => {
    for (const accept of ['*/*', 'text/html', 'text/event-stream', 'image/webp']) {
      const { status } = await attacked.get(target(), { Accept: accept });
      // A page or a refusal; nothing is read from the URL.
      expect([200, 400, 404, 405]).toContain(status);
    }
  });

  it.each([['X-HTTP-Method-Override'], ['X-HTTP-Method'], ['X-Method-Override']])(
    'a GET with %s: POST stays a GET',
    async (name) => {
      const headers = attacked.headersWith({ [name]: 'POST' });
      const answer = await attacked.sendRequest({ method: 'GET', headers, body: attacked.payload });
      expect(answer.status).toBe(405);
    },
  );

  it('a POST to where only GET goes is refused, also with an override to GET', async () => {
    for (const target of ['/events?job_id=1', '/jobs/1/log', '/healthz', '/readyz', '/']) {
      const headers = attacked.headersWith({ 'X-HTTP-Method-Override': 'GET' });
      const { status } = await attacked.sendRequest({ target, headers, body: attacked.payload });
      expect([target, status]).toEqual([target, 405]);
    }
  });
});

describe('a preflight', () => {
  it('of an allowed origin never allows cookies, and opens the door to nobody else', async () => {
    const headers = attacked.headersWith({
      Origin: ALLOWED,
      Authorization: null,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'lifeline-request, cookie, x-evil',
      'Access-Control-Request-Private-Network': 'true',
    });
    const { status, head } = await attacked.sendRequest({
      method: 'OPTIONS',
      headers,
      body: attacked.payload,
    });
    expect(status).toBe(204);
    expect(head).toContain(`access-control-allow-origin: ${ALLOWED}`);
    expect(head).not.toContain('allow-credentials');
    expect(head).not.toMatch(/allow-headers:.*(?:cookie|lifeline-request|x-evil)/);
    expect(head).not.toContain('allow-private-network');
    expect(head).toContain('vary: origin');
  });

  it('that says POST runs nothing, and a POST that says it is a preflight is none', async () => {
    const asked = { Origin: ALLOWED, 'Access-Control-Request-Method': 'POST' };
    const anonymous = attacked.headersWith({ ...asked, Authorization: null });
    expect((await attacked.sendRequest({ headers: anonymous, body: attacked.payload })).status).toBe(401);
    const own = attacked.headersWith(asked);
    expect(
      (await attacked.sendRequest({ method: 'OPTIONS', headers: own, body: attacked.payload })).status,
    ).toBe(204);
  });
});
