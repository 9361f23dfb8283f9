import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holds, type Scope, SCOPES } from '../../src/domain/scope.ts';
import type { Entrance } from '../../src/http/entrance.ts';
import type { TlsIdentity } from '../../src/http/http-config.ts';
import { createRoutes, type RouteParts } from '../../src/http/routes.ts';
import { createStreamPlaces } from '../../src/graphql/stream-places.ts';
import { STREAM_LIMITS } from '../../src/http/stream-limits.ts';
import { StreamReservations } from '../../src/http/stream-reservations.ts';
import { StaticFiles } from '../../src/http/static-files.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { makeCertificate } from '../http/certificate.ts';
import { Harness, TestStore, until } from '../http/harness.ts';
import { answerOn, Http2Client } from '../http/http2-client.ts';
import { ROOT_FIELDS } from '../http/root-fields.ts';
import { parsed } from './raw-request.ts';

type Credential = 'none' | 'wrong' | 'expired' | 'revoked' | Scope;
const CREDENTIALS: readonly Credential[] = ['none', 'wrong', 'expired', 'revoked', ...SCOPES];

type Protocol = 'HTTP/1.1' | 'HTTP/1.1 over TLS' | 'HTTP/2';
const PROTOCOLS: readonly Protocol[] = ['HTTP/1.1', 'HTTP/1.1 over TLS', 'HTTP/2'];
/** Each is tried at each path; Node takes no others, and CONNECT is no request. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** One way in, and what it answers. An answer is its status, and the code of its error where it has one. */
interface Way {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Without a credential, or with one that is none (any more). */
  readonly toAnybody: string;
  /** With a token, of whatever scope unless it says so. */
  readonly toToken: string | Readonly<Record<Scope, string>>;
}

const NOBODY = '401 UNAUTHENTICATED';
const PAGE = { accept: 'text/html' };
const STREAM = { accept: 'text/event-stream' };
const JOB = '<job>';
const query = (text: string): string => JSON.stringify({ query: text });
const START = query('mutation { startJob(input: { command: ["true"] }) { id } }');
const START_ANSWERS = { read: '200 FORBIDDEN', run: '200 FORBIDDEN', exec: '200', admin: '200' };

/**
 * The whole table: by the path of a route, as it stands in the source, every way in. A route or a method that is not here
 * fails the test; so does an answer to nobody that is not one of the few that DESIGN names: `/healthz`, the login and its
 * ticket, static files.
 */
const WAYS: Readonly<Record<string, readonly Way[]>> = {
  '^\\/healthz$': ['GET', 'HEAD'].map((method) => ({
    method,
    target: '/healthz',
    toAnybody: '200',
    toToken: '200',
  })),
  '^\\/readyz$': ['GET', 'HEAD'].map((method) => ({
    method,
    target: '/readyz',
    toAnybody: NOBODY,
    toToken: '200',
  })),
  '^\\/graphql$': [
    { method: 'POST', target: '/graphql', body: START, toAnybody: NOBODY, toToken: START_ANSWERS },
    {
      method: 'POST',
      target: '/graphql',
      body: query(`subscription { jobLogs(jobId: ${JOB}) { __typename } }`),
      headers: STREAM,
      toAnybody: NOBODY,
      toToken: '200',
    },
    { method: 'GET', target: '/graphql', toAnybody: NOBODY, toToken: '405 INVALID_INPUT' },
    { method: 'GET', target: '/graphql', headers: PAGE, toAnybody: '401', toToken: '200' },
  ],
  '^\\/graphql\\/stream$': [
    { method: 'GET', target: '/graphql/stream', toAnybody: NOBODY, toToken: '400 INVALID_INPUT' },
    { method: 'PUT', target: '/graphql/stream', toAnybody: NOBODY, toToken: '201' },
    { method: 'DELETE', target: '/graphql/stream', toAnybody: NOBODY, toToken: '400 INVALID_INPUT' },
    {
      method: 'POST',
      target: '/graphql/stream',
      headers: STREAM,
      body: START,
      toAnybody: NOBODY,
      toToken: START_ANSWERS,
    },
  ],
  '^\\/events$': [
    { method: 'GET', target: `/events?job_id=${JOB}&after=0`, toAnybody: NOBODY, toToken: '200' },
  ],
  '^\\/jobs\\/([^/]+)\\/log$': ['GET', 'HEAD'].map((method) => ({
    method,
    target: `/jobs/${JOB}/log`,
    toAnybody: NOBODY,
    toToken: '200',
  })),
  '^\\/$': [
    { method: 'GET', target: '/', toAnybody: NOBODY, toToken: '200' },
    { method: 'GET', target: '/', headers: PAGE, toAnybody: '401', toToken: '200' },
    { method: 'HEAD', target: '/', toAnybody: '401', toToken: '200' },
  ],
  '^\\/(?:jobs\\/\\d+|services|server)$': [`/jobs/${JOB}`, '/services', '/server'].flatMap((target) => [
    { method: 'GET', target, toAnybody: NOBODY, toToken: '200' },
    { method: 'GET', target, headers: PAGE, toAnybody: '401', toToken: '200' },
    { method: 'HEAD', target, toAnybody: '401', toToken: '200' },
  ]),
  '^\\/static\\/assets\\/([\\w.-]+)$': ['GET', 'HEAD'].map((method) => ({
    method,
    target: '/static/assets/app-1a2b.js',
    toAnybody: '200',
    toToken: '200',
  })),
  '^\\/login$': [
    { method: 'GET', target: '/login', toAnybody: '200', toToken: '303' },
    { method: 'HEAD', target: '/login', toAnybody: '200', toToken: '303' },
    {
      method: 'POST',
      target: '/login',
      body: '{}',
      toAnybody: '400 INVALID_INPUT',
      toToken: '400 INVALID_INPUT',
    },
  ],
  '^\\/login\\/ticket$': [
    { method: 'GET', target: '/login/ticket', toAnybody: '303', toToken: '303' },
    { method: 'POST', target: '/login/ticket', body: '{}', toAnybody: NOBODY, toToken: '200' },
  ],
  '^\\/logout$': [{ method: 'POST', target: '/logout', body: '{}', toAnybody: NOBODY, toToken: '204' }],
};
const NOWHERE: readonly Way[] = METHODS.map((method) => ({
  method,
  target: '/nowhere',
  toAnybody: NOBODY,
  toToken: '404 INVALID_INPUT',
}));

/** Every way in, and every method at each path that is none. */
function everyWay(): readonly Way[] {
  const closed = Object.values(WAYS).flatMap((ways) =>
    METHODS.filter((method) => !ways.some((way) => way.method === method)).map((method) => ({
      method,
      target: ways[0]!.target,
      toAnybody: NOBODY,
      toToken: '405 INVALID_INPUT',
    })),
  );
  return [...Object.values(WAYS).flat(), ...closed, ...NOWHERE].map((way) => ({
    ...way,
    // A HEAD has no body, and so no code.
    ...(way.method === 'HEAD' && {
      toAnybody: way.toAnybody.slice(0, 3),
      ...(typeof way.toToken === 'string' && { toToken: way.toToken.slice(0, 3) }),
    }),
  }));
}

let store: TestStore;
let identity: TlsIdentity;
let pages: string;
beforeAll(async () => {
  store = await TestStore.open();
  identity = await makeCertificate();
  pages = mkdtempSync(join(tmpdir(), 'lifeline-pages-'));
  for (const directory of ['app', 'assets', 'entrance', 'graphiql']) mkdirSync(join(pages, directory));
  for (const page of ['app/app', 'entrance/hop', 'entrance/login', 'graphiql/graphiql'])
    writeFileSync(join(pages, `${page}.html`), page);
  writeFileSync(join(pages, 'assets/app-1a2b.js'), 'export {};');
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(pages, { recursive: true });
});

/** The real table. Nothing behind its doors is there: they are not opened. */
function realRoutes(): readonly { path: RegExp; methods: readonly string[] }[] {
  const nothing = {};
  return createRoutes({
    services: nothing as RouteParts['services'],
    log: { error: () => undefined },
    isReady: () => true,
    reservations: new StreamReservations(
      STREAM_LIMITS,
      createStreamPlaces({ maxStreams: 0, maxStreamsPerToken: 0 }),
      AbortSignal.abort(),
    ),
    entrance: nothing as Entrance,
  });
}

describe('the table of routes', () => {
  it('has no path and no method that this test does not know, and the other way round', () => {
    const pairs = (path: string, methods: readonly string[]): string[] =>
      methods.map((method) => `${method} ${path}`);
    const real = realRoutes().flatMap(({ path, methods }) => pairs(path.source, methods));
    const known = Object.entries(WAYS).flatMap(([path, ways]) =>
      pairs(path, [...new Set(ways.map(({ method }) => method))]),
    );
    expect([...new Set(real)].sort()).toEqual(known.sort());
    for (const [path, ways] of Object.entries(WAYS)) {
      for (const { target } of ways) {
        const rawPath = target.split('?', 1)[0]!.replace(JOB, '1');
        const at = realRoutes().filter((route) => route.path.test(rawPath));
        expect([...new Set(at.map((route) => route.path.source))]).toEqual([path]);
      }
    }
  });

  it('answers nobody but at the few paths that have no data', () => {
    const open = Object.values(WAYS)
      .flat()
      .filter(({ toAnybody }) => !toAnybody.startsWith('401'));
    expect([...new Set(open.map(({ method, target }) => `${method} ${target}`))].sort()).toEqual([
      'GET /healthz',
      'GET /login',
      'GET /login/ticket',
      'GET /static/assets/app-1a2b.js',
      'HEAD /healthz',
      'HEAD /login',
      'HEAD /static/assets/app-1a2b.js',
      'POST /login',
    ]);
  });
});

describe.each(PROTOCOLS)('over %s', (protocol) => {
  let harness: Harness;
  let http2: Http2Client | undefined;
  let jobId: string;
  let tokens: ReadonlyMap<Credential, string>;
  let senders = 0;

  beforeEach(async () => {
    harness = await Harness.start(store, {
      config: {
        tls: protocol === 'HTTP/1.1' ? null : identity,
        trustedProxies: new TrustedProxies(['127.0.0.1']),
      },
      files: new StaticFiles(pages),
    });
    if (protocol === 'HTTP/2') http2 = await Http2Client.open(harness.url, identity.certificate);
    const job = await harness.runningJob();
    await job.write('a line\n');
    await job.end();
    jobId = String(job.id);
    tokens = await makeTokens();
  });
  afterEach(async () => {
    http2?.[Symbol.dispose]();
    http2 = undefined;
    await harness[Symbol.asyncDispose]();
  });

  async function makeTokens(): Promise<ReadonlyMap<Credential, string>> {
    const make = async (name: string, scope: Scope, expiresAt: Date | null = null): Promise<string> => {
      const unique = `${name}-${protocol.replaceAll(/[^\w.]/g, '-')}-${String(harness.port)}-${jobId}`;
      const made = await harness.tokens.create({ name: unique, scope, expiresAt, createdBy: 'the test' });
      if (name === 'revoked') await harness.tokens.revoke(unique);
      return made.secret;
    };
    const made: [Credential, string][] = [
      ['wrong', `lifeline_${'A'.repeat(43)}`],
      ['expired', await make('expired', 'admin', new Date(Date.now() + 100))],
      ['revoked', await make('revoked', 'admin')],
    ];
    for (const scope of SCOPES) made.push([scope, await make(scope, scope)]);
    await until(() => harness.tokens.find(made[1]![1]) === undefined);
    return new Map(made);
  }

  /** Each comes from an address of its own, so that nothing that is counted by address takes part. */
  function headersOf(credential: Credential, { method, headers }: Partial<Way>): Record<string, string> {
    senders += 1;
    const token = tokens.get(credential);
    return {
      'x-forwarded-for': `10.${String(senders >> 16)}.${String((senders >> 8) & 255)}.${String(senders & 255)}`,
      ...(method === 'POST' && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    };
  }

  /** Status and code; reads to the end, or until `enough`. */
  async function ask(
    way: Pick<Way, 'method' | 'target' | 'headers' | 'body'>,
    credential: Credential,
    enough: (text: string) => boolean = () => false,
  ): Promise<string> {
    const target = way.target.replace(JOB, jobId);
    const body = (way.body ?? (way.method === 'POST' ? '{}' : '')).replace(JOB, jobId);
    const headers = headersOf(credential, way);
    let status: number;
    let text: string;
    if (http2 === undefined) {
      const head = Object.entries({
        host: new URL(harness.url).host,
        connection: 'close',
        ...headers,
        ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }),
      }).map(([name, value]) => `${name}: ${value}`);
      const answer = parsed(
        await harness.raw([`${way.method} ${target} HTTP/1.1`, ...head, '', body].join('\r\n'), enough),
      );
      ({ status, body: text } = answer);
    } else {
      const stream = http2.stream({
        method: way.method,
        path: target,
        headers,
        ...(body !== '' && { body }),
      });
      let received = '';
      stream.on('data', (chunk: string) => {
        received += chunk;
        if (enough(received)) stream.close();
      });
      ({ status, body: text } = await answerOn(stream));
    }
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    return code === undefined ? String(status) : `${String(status)} ${code}`;
  }

  it.each(CREDENTIALS)('every path answers a credential that is %s as the table says', async (credential) => {
    const scope = SCOPES.find((scope) => scope === credential);
    const expectAnswer = async (way: Way): Promise<void> => {
      const toToken = (scope: Scope): string =>
        typeof way.toToken === 'string' ? way.toToken : way.toToken[scope];
      const expected = scope === undefined ? way.toAnybody : toToken(scope);
      const { method, target, headers } = way;
      expect([method, target, headers, await ask(way, credential)]).toEqual([
        method,
        target,
        headers,
        expected,
      ]);
    };
    // Several at once, since what is wrong is answered late; not so many that they would wait for each other.
    const ways = [...everyWay()];
    while (ways.length > 0) await Promise.all(ways.splice(0, 12).map(expectAnswer));
    const mayStart = scope !== undefined && holds(scope, 'exec');
    // At `/graphql` and `/graphql/stream`.
    expect(harness.started).toHaveLength(mayStart ? 2 : 0);
  });

  it.each(SCOPES)(
    'a %s token gets what its scope allows at each root field, on both doors',
    async (scope) => {
      for (const [field, { needs, request }] of Object.entries(ROOT_FIELDS)) {
        for (const target of ['/graphql', '/graphql/stream']) {
          const way = { method: 'POST', target, headers: STREAM, body: query(request) };
          const answer = await ask(way, scope, (text) => /"(?:data|errors)":/.test(text));
          expect([field, target, answer.endsWith(' FORBIDDEN')]).toEqual([
            field,
            target,
            !holds(scope, needs),
          ]);
        }
      }
    },
  );
});
