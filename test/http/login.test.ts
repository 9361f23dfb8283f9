import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { destinationOf } from '../../src/http/login-hop.ts';
import { Sessions } from '../../src/http/sessions.ts';
import { StaticFiles } from '../../src/http/static-files.ts';
import { TICKET_LIFETIME_MS, Tickets } from '../../src/http/tickets.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';

const ALLOWED = 'http://app.example:5173';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const JSON_TYPE = { 'content-type': 'application/json' };
/** What a browser sends when somebody types the address. */
const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};
const OWN_PAGE = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const QUERY = JSON.stringify({ query: '{ server { version } }' });

let store: TestStore;
let pages: string;
beforeAll(async () => {
  store = await TestStore.open();
  pages = mkdtempSync(join(tmpdir(), 'lifeline-pages-'));
  for (const directory of ['app', 'assets', 'entrance', 'graphiql']) mkdirSync(join(pages, directory));
  writeFileSync(join(pages, 'app/app.html'), 'the console');
  writeFileSync(join(pages, 'entrance/hop.html'), '<meta http-equiv="refresh" content="0; url=%LOGIN%">');
  writeFileSync(join(pages, 'entrance/login.html'), 'the login page');
  writeFileSync(join(pages, 'graphiql/graphiql.html'), 'the GraphiQL page');
  writeFileSync(join(pages, 'assets/app-1a2b.js'), 'export {};');
  writeFileSync(join(pages, 'assets/app-1a2b.exe'), 'not served');
  writeFileSync(join(pages, 'secret.js'), 'not served');
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(pages, { recursive: true });
});

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start(store, {
    config: { allowedOrigins: [ALLOWED] },
    files: new StaticFiles(pages),
  });
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As a browser sends it: `fetch` of Node would not send Host, Cookie or Sec-Fetch headers as they are given. */
function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(harness.url + path, { method, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function logIn(token = TOKEN, headers: Record<string, string> = {}): Promise<Answer> {
  return send('POST', '/login', { ...JSON_TYPE, ...OWN_PAGE, ...headers }, JSON.stringify({ token }));
}

/** The `name=value` that the answer sets. */
function cookieOf({ headers }: Answer): string {
  const [cookie = ''] = headers['set-cookie'] ?? [];
  return cookie.split(';')[0]!;
}

/** A cookie of a session that has just begun. */
async function freshCookie(): Promise<{ cookie: string }> {
  return { cookie: cookieOf(await logIn()) };
}

async function newTicketPath(): Promise<string> {
  const { body } = await send('POST', '/login/ticket', { ...BEARER, ...JSON_TYPE }, '{}');
  return (JSON.parse(body) as { url: string }).url.slice(harness.url.length);
}

describe('logging in', () => {
  it('takes the token and gives a cookie that scripts and other sites cannot use', async () => {
    const answer = await logIn();
    expect(answer.status).toBe(204);
    const [cookie] = answer.headers['set-cookie']!;
    expect(cookie).toMatch(
      new RegExp(
        `^lifeline-${String(harness.port)}=[\\w-]{43}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict$`,
      ),
    );
    const page = await send('GET', '/', { ...NAVIGATION, cookie: cookieOf(answer) });
    expect([page.status, page.body]).toEqual([200, 'the console']);
  });

  it('stores nothing that would let somebody in', async () => {
    const cookie = cookieOf(await logIn());
    const secret = cookie.split('=')[1]!;
    const rows = await store.database.read.session.findMany();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret);
    for (const { digest } of rows) {
      const stolen = { ...NAVIGATION, cookie: `lifeline-${String(harness.port)}=${digest}` };
      expect((await send('GET', '/', stolen)).status).toBe(401);
    }
  });

  it('outlives a restart of the server, but not another token', async () => {
    const { cookie } = await freshCookie();
    const [, secret] = cookie.split('=');
    const page = { ...NAVIGATION, cookie: '' };
    await using restarted = await Harness.start(store, { files: new StaticFiles(pages) });
    page.cookie = `lifeline-${String(restarted.port)}=${secret!}`;
    expect((await fetch(restarted.url, { headers: page })).status).toBe(200);
    await using changed = await Harness.start(store, {
      config: { token: 'another-token-0123456789' },
      files: new StaticFiles(pages),
    });
    page.cookie = `lifeline-${String(changed.port)}=${secret!}`;
    expect((await fetch(changed.url, { headers: page })).status).toBe(401);
  });

  it('does not take the cookie of a server on another port', async () => {
    const [, secret] = (await freshCookie()).cookie.split('=');
    expect((await send('GET', '/', { ...NAVIGATION, cookie: `lifeline-1=${secret!}` })).status).toBe(401);
  });

  it.each([
    ['a wrong token', { token: 'wrong' }, 401],
    ['no token', {}, 400],
    ['a token that is no text', { token: [TOKEN] }, 400],
  ])('refuses %s without a cookie', async (_name, body, status) => {
    const answer = await send('POST', '/login', JSON_TYPE, JSON.stringify(body));
    expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined]);
  });

  it('refuses a form, pages of other origins, and allowed origins, too', async () => {
    expect(
      (await send('POST', '/login', { 'content-type': 'text/plain' }, `{"token":"${TOKEN}"}`)).status,
    ).toBe(415);
    expect((await logIn(TOKEN, { origin: 'http://evil.example' })).status).toBe(403);
    const allowed = await logIn(TOKEN, { origin: ALLOWED });
    expect([allowed.status, allowed.headers['set-cookie']]).toEqual([403, undefined]);
    expect((await logIn(TOKEN, { origin: harness.url })).status).toBe(204);
  });

  it('answers wrong tokens late, refuses many at once, and lets the right one in meanwhile', async () => {
    const wrong = Array.from({ length: 9 }, () => logIn('wrong'));
    const first = await Promise.race(wrong);
    expect([first.status, first.headers['retry-after']]).toEqual([429, '4']);
    expect((await send('GET', '/healthz')).status).toBe(200);
    const startedAt = performance.now();
    expect((await wrong[0]!).status).toBe(401);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await until(async () => (await logIn()).status === 204);
  });
});

describe('a session', () => {
  it('reads and changes from pages of this server', async () => {
    const cookie = await freshCookie();
    const own = { ...cookie, ...OWN_PAGE, ...JSON_TYPE, 'lifeline-request': 'test' };
    expect((await send('POST', '/graphql', { ...own, origin: harness.url }, QUERY)).body).toContain('1.2.3');
    const job = await harness.runningJob();
    await job.write('a line\n');
    await job.end();
    const log = await send('GET', `/jobs/${String(job.id)}/log?stream=stdout`, { ...cookie, ...NAVIGATION });
    expect([log.status, log.body]).toEqual([200, 'a line\n']);
    const events = await send('GET', `/events?job_id=${String(job.id)}&after=0`, { ...cookie, ...OWN_PAGE });
    expect(events.body).toContain('event: log.done');
  });

  it.each([
    ['without the header of our pages', { 'lifeline-request': '' }, 403],
    ['from an allowed origin', { origin: ALLOWED }, 401],
    ['from another port of this host, without Origin', { 'sec-fetch-site': 'same-site' }, 401],
    ['from another site, without Origin', { 'sec-fetch-site': 'cross-site' }, 401],
    ['beside a wrong token', { authorization: 'Bearer wrong' }, 401],
  ])('does not count %s', async (_name, headers: Record<string, string>, status) => {
    const all: Record<string, string> = {
      ...(await freshCookie()),
      ...OWN_PAGE,
      ...JSON_TYPE,
      'lifeline-request': 'test',
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    expect((await send('POST', '/graphql', sent, QUERY)).status).toBe(status);
    if (status === 401) expect((await send('GET', '/readyz', sent)).status).toBe(401);
  });

  it('ends with the logout, at once for its open streams, and stays ended', async () => {
    const cookie = await freshCookie();
    const other = await freshCookie();
    const job = await harness.runningJob();
    const path = `/events?job_id=${String(job.id)}`;
    const stream = fetch(harness.url + path, { headers: { ...cookie, ...OWN_PAGE } });
    const body = (await stream).text();
    const kept = await fetch(harness.url + path, { headers: { ...other, ...OWN_PAGE } });
    expect(harness.subscribers).toBe(2);
    const headers = { ...cookie, ...OWN_PAGE, ...JSON_TYPE, 'lifeline-request': 'test' };
    const answer = await send('POST', '/logout', headers, '{}');
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']![0]).toContain('Max-Age=0');
    await expect(body).rejects.toThrow();
    await until(() => harness.subscribers === 1);
    expect((await send('GET', '/', { ...NAVIGATION, ...cookie })).status).toBe(401);
    expect((await send('GET', '/', { ...NAVIGATION, ...other })).status).toBe(200);
    await kept.body!.cancel();
  });

  it('expires 30 days after the login, and notes its use once an hour at most', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const hourMs = 3_600_000;
    const sessions = new Sessions({ records: store.sessions, token: TOKEN, now: () => nowMs });
    const secret = await sessions.begin(null);
    const { digest } = (await sessions.find(secret))!;
    nowMs += hourMs;
    await sessions.find(secret);
    await until(async () => (await store.sessions.find(digest))!.lastUsedAt.getTime() === nowMs);
    nowMs += 30 * 24 * hourMs - hourMs - 1;
    expect(await sessions.find(secret)).toEqual({ digest, tokenId: null });
    nowMs += 1;
    expect(await sessions.find(secret)).toBeUndefined();
    await sessions.begin(null);
    expect(await store.sessions.find(digest)).toBeNull();
  });
});

describe('a ticket', () => {
  it('is given for the token only, and lets one browser in, once', async () => {
    const path = await newTicketPath();
    const answer = await send('GET', path, NAVIGATION);
    expect([answer.status, answer.headers.location]).toEqual([303, '/']);
    const cookie = cookieOf(answer);
    expect((await send('GET', '/', { ...NAVIGATION, cookie })).status).toBe(200);
    const again = await send('GET', path, NAVIGATION);
    expect([again.headers.location, again.headers['set-cookie']]).toEqual(['/login?used', undefined]);
    // A reload by the one who is in does no harm.
    expect((await send('GET', path, { ...NAVIGATION, cookie })).headers.location).toBe('/');
    const bySession = { cookie, ...OWN_PAGE, ...JSON_TYPE, 'lifeline-request': 'test' };
    expect((await send('POST', '/login/ticket', bySession, '{}')).status).toBe(403);
    expect((await send('POST', '/login/ticket', JSON_TYPE, '{}')).status).toBe(401);
  });

  it('is not used up by a request that is no visit', async () => {
    const path = await newTicketPath();
    for (const method of ['HEAD', 'OPTIONS']) await send(method, path);
    expect((await send('GET', path, NAVIGATION)).headers.location).toBe('/');
  });

  it('lasts five minutes; the oldest go where there are too many', () => {
    let nowMs = 0;
    const tickets = new Tickets(() => nowMs);
    const [early, late] = [tickets.issue(null), tickets.issue(null)];
    nowMs = TICKET_LIFETIME_MS - 1;
    expect(tickets.redeem(early)).toBeDefined();
    nowMs = TICKET_LIFETIME_MS;
    expect(tickets.redeem(late)).toBeUndefined();
    const oldest = tickets.issue(null);
    const last = Array.from({ length: 100 }, () => tickets.issue(null)).at(-1)!;
    expect(tickets.redeem(oldest)).toBeUndefined();
    expect(tickets.redeem(last)).toBeDefined();
  });
});

describe('a visitor without a session', () => {
  it.each(['/', '/graphql', '/graphql?a=1&b=%22'])(
    'of %s is led to the login page and back',
    async (path) => {
      const hop = await send('GET', path, { ...NAVIGATION, 'sec-fetch-site': 'cross-site' });
      expect(hop.status).toBe(401);
      const [, target] = /content="0; url=([^"]+)"/.exec(hop.body)!;
      const page = await send('GET', target!, NAVIGATION);
      expect([page.status, page.body]).toEqual([200, 'the login page']);
      const back = await send('GET', target!, { ...NAVIGATION, ...(await freshCookie()) });
      expect([back.status, back.headers.location]).toEqual([303, path]);
    },
  );

  it('gets no page for another method, and a program gets no page', async () => {
    expect((await send('GET', '/')).headers['content-type']).toContain('json');
    expect((await send('POST', '/', { ...NAVIGATION, ...JSON_TYPE }, '{}')).status).toBe(401);
    expect((await send('GET', '/readyz', NAVIGATION)).headers['content-type']).toContain('json');
  });

  it.each([
    '//evil.example/x',
    '/.//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'http://evil.example/x',
    '/login?to=/',
  ])('is led to the first page instead of %s', (to) => {
    const target = new URL('http://localhost/login');
    target.searchParams.set('to', to);
    expect(destinationOf(target)).toBe('/');
  });

  it('is never led to another origin, however it is written', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom('/', '\\', '\t', '\n', 'evil.example', '@', ':', '?', '#', '.', '%2f', 'http:'),
          {
            maxLength: 8,
          },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, (to) => {
        const target = new URL('http://localhost/login');
        target.searchParams.set('to', to);
        const destination = destinationOf(target);
        const resolved = new URL(destination, harness.url);
        return (
          destination.startsWith('/') && resolved.origin === harness.url && resolved.pathname !== '/login'
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the pages', () => {
  it('come under a policy that allows files of this server alone', async () => {
    const headers = { ...NAVIGATION, ...(await freshCookie()) };
    const strict =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
      "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    for (const path of ['/', '/login']) {
      const cookieless = path === '/login' ? NAVIGATION : headers;
      expect((await send('GET', path, cookieless)).headers['content-security-policy']).toBe(strict);
    }
    const graphiql = await send('GET', '/graphql', headers);
    expect(graphiql.body).toBe('the GraphiQL page');
    expect(graphiql.headers['content-security-policy']).toBe(
      strict.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
    );
    expect(graphiql.headers['cache-control']).toBe('no-store');
  });

  it('have assets for everybody, kept for ever, and nothing beside them', async () => {
    const asset = await send('GET', '/static/assets/app-1a2b.js');
    expect([asset.status, asset.body]).toEqual([200, 'export {};']);
    expect(asset.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    for (const name of [
      'app-1a2b.exe',
      '../secret.js',
      '..',
      '%2e%2e/secret.js',
      '..%2fsecret.js',
      '',
      'other.js',
    ]) {
      const raw = await harness.raw(
        `GET /static/assets/${name} HTTP/1.1\r\nHost: 127.0.0.1:${String(harness.port)}\r\n` +
          `Authorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
      );
      expect([name, raw.slice(0, 12)]).toEqual([name, 'HTTP/1.1 404']);
    }
  });

  it('say so where they were not built', async () => {
    await using bare = await Harness.start(store, { files: new StaticFiles(join(pages, 'nowhere')) });
    const answer = await fetch(`${bare.url}/login`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('npm run build');
  });
});

describe('without authentication', () => {
  it('the pages are open, and the login leads on', async () => {
    await using open = await Harness.start(store, {
      config: { auth: 'off', token: '' },
      files: new StaticFiles(pages),
    });
    expect(await (await fetch(open.url, { headers: NAVIGATION })).text()).toBe('the console');
    const login = await fetch(`${open.url}/login?to=/graphql`, { headers: NAVIGATION, redirect: 'manual' });
    expect(login.headers.get('location')).toBe('/graphql');
    const ticket = await fetch(`${open.url}/login/ticket`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: '{}',
    });
    expect(await ticket.json()).toMatchObject({ url: `${open.url}/` });
  });
});

describe('an allowed origin', () => {
  const preflight = { origin: ALLOWED, 'access-control-request-method': 'POST' };

  it.each(['/graphql', '/graphql/stream', '/events?job_id=1', '/jobs/1/log'])(
    'may use %s with a token, asked without one, never with cookies',
    async (path) => {
      const asked = await send('OPTIONS', path, preflight);
      expect(asked.status).toBe(204);
      expect(asked.headers['access-control-allow-origin']).toBe(ALLOWED);
      for (const name of ['authorization', 'content-type', 'last-event-id']) {
        expect(asked.headers['access-control-allow-headers']!.toLowerCase()).toContain(name);
      }
      expect(asked.headers['access-control-allow-credentials']).toBeUndefined();
      expect(asked.headers['access-control-allow-headers']!.toLowerCase()).not.toContain('lifeline-request');
      const cookie = await send('GET', path, { origin: ALLOWED, ...(await freshCookie()) });
      expect(cookie.status).toBe(401);
      const token = await send('GET', path, { origin: ALLOWED, ...BEARER });
      expect(token.status).not.toBe(401);
      expect(token.headers['access-control-allow-origin']).toBe(ALLOWED);
    },
  );

  it('reads a whole log and follows a job', async () => {
    const job = await harness.runningJob();
    await job.write('for everybody\n');
    await job.end();
    const headers = { origin: ALLOWED, ...BEARER };
    const events = await send('GET', `/events?job_id=${String(job.id)}&after=0`, headers);
    expect(events.body).toContain('for everybody');
    const log = await send('GET', `/jobs/${String(job.id)}/log`, headers);
    expect(log.headers['access-control-expose-headers']).toContain('Lifeline-Kept-From');
    const query = `subscription { jobLogs(jobId: ${String(job.id)}) { ... on LogDone { lastSeq } } }`;
    const sse = { ...headers, ...JSON_TYPE, accept: 'text/event-stream' };
    const stream = await send('POST', '/graphql', sse, JSON.stringify({ query }));
    expect(stream.headers['access-control-allow-origin']).toBe(ALLOWED);
    expect(stream.body).toContain('"lastSeq":1');
  });
});
