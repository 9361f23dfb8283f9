import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loopbackAddresses } from '../http/loopback-addresses.ts';
import { httpCall, type HttpCall } from './harness/http-call.ts';
import { LifelineServer } from './harness/lifeline-server.ts';

let server: LifelineServer;
beforeAll(async () => {
  server = await LifelineServer.start({
    args: ['--allowed-host', 'lifeline.example', '--allowed-origin', 'https://front.example'],
  });
});
afterEach(async () => {
  // Nothing of what was refused has run.
  expect(existsSync(server.scratch.file('ran'))).toBe(false);
  await server.assertNothingIsLeft();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const nextAddress = loopbackAddresses();

const PATHS = [
  '/',
  '/graphql',
  '/events?job_id=1',
  '/events?job_id=1&after=0',
  '/jobs/1/log',
  '/jobs/1/log?stream=stdout',
  '/readyz',
  '/nothing/here',
  '/x/healthz',
  '/healthz/',
  '/metrics',
];

function mutation(): string {
  return `mutation { startJob(input: { script: "touch ${server.scratch.file('ran')}" }) { id } }`;
}

function post(headers: Record<string, string>, body = JSON.stringify({ query: mutation() })): HttpCall {
  return {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  };
}

/** Sends bytes as they are and reads the answer to its end. */
async function raw(text: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.end(text);
  await once(socket, 'close');
  return answer;
}

describe('without the right token', () => {
  it.each(PATHS)('%s answers 401, whatever it is asked', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      for (const authorization of [
        '',
        'Bearer',
        'Bearer wrong',
        'Basic eDp5',
        `Bearer ${server.token}x`,
        `bearer ${server.token.slice(1)}`,
      ]) {
        const headers = {
          ...(authorization === '' ? {} : { authorization }),
          'content-type': 'application/json',
        };
        const body = method === 'POST' ? JSON.stringify({ query: mutation() }) : undefined;
        const answer = await httpCall(server.port, {
          method,
          path,
          headers,
          // Who guesses is slowed down, by its address.
          from: nextAddress(),
          ...(body === undefined ? {} : { body }),
        });
        expect([method, path, authorization, answer.status]).toEqual([method, path, authorization, 401]);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(answer.text).not.toContain(server.token);
      }
    }
  });

  it('a subscription is refused as well', async () => {
    const call = post(
      { accept: 'text/event-stream' },
      JSON.stringify({ query: 'subscription { jobLogs(jobId: 1) { __typename } }' }),
    );
    expect((await httpCall(server.port, call)).status).toBe(401);
  });

  it('one in the URL is not taken', async () => {
    for (const name of ['token', 'access_token', 'api_key']) {
      const answer = await httpCall(server.port, {
        path: `/events?job_id=1&after=0&${name}=${server.token}`,
      });
      expect(answer.status).toBe(401);
    }
  });

  it('only /healthz answers, at exactly that path', async () => {
    expect(await httpCall(server.port, { path: '/healthz' })).toMatchObject({ status: 200, text: 'ok' });
    expect(await server.call({ path: '/readyz' })).toMatchObject({ status: 200 });
  });
});

describe('a foreign Host', () => {
  it.each([...PATHS, '/healthz'])('is refused on %s, with and without a token', async (path) => {
    for (const host of [
      'evil.example',
      `evil.example:${String(server.port)}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `localhost.evil.example:${String(server.port)}`,
    ]) {
      for (const headers of [{ host }, { host, ...server.authorization }]) {
        for (const method of ['GET', 'POST', 'OPTIONS']) {
          const call = method === 'POST' ? post(headers) : { method, headers, path };
          expect([host, method, (await httpCall(server.port, { ...call, path })).status]).toEqual([
            host,
            method,
            403,
          ]);
        }
      }
    }
  });

  it('that is malformed, missing or doubled is a bad request without a stack', async () => {
    for (const host of [
      'Host: [bad\r\n',
      '',
      `Host: 127.0.0.1:${String(server.port)}\r\nHost: evil.example\r\n`,
      'Host: a b\r\n',
      'Host: x@127.0.0.1\r\n',
    ]) {
      const answer = await raw(`GET /graphql HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).not.toMatch(/node_modules|\bat .*:\d+:\d+/);
    }
  });

  it('is refused in the request line, too', async () => {
    const own = `Host: 127.0.0.1:${String(server.port)}\r\nConnection: close\r\n\r\n`;
    expect(await raw(`GET http://evil.example/healthz HTTP/1.1\r\n${own}`)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await raw(`GET /healthz\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('that was allowed is answered, and localhost is one of its own names', async () => {
    for (const host of [
      'lifeline.example',
      `localhost:${String(server.port)}`,
      `[::1]:${String(server.port)}`,
    ]) {
      expect((await httpCall(server.port, { path: '/healthz', headers: { host } })).status).toBe(200);
    }
  });
});

describe('a foreign Origin', () => {
  it.each([...PATHS, '/healthz'])('is refused on %s, and no header allows it', async (path) => {
    for (const origin of [
      'https://evil.example',
      'null',
      `http://127.0.0.1:1`,
      'http://lifeline.example.evil',
      'https://front.example.evil',
      'x',
    ]) {
      const headers = { origin, ...server.authorization };
      for (const method of ['GET', 'POST']) {
        const call = method === 'POST' ? post(headers) : { method, headers, path };
        const answer = await httpCall(server.port, { ...call, path });
        expect([origin, method, answer.status]).toEqual([origin, method, 403]);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
      const preflight = await httpCall(server.port, {
        method: 'OPTIONS',
        path,
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
      expect(preflight.status).toBe(403);
      expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('that was allowed exactly gets CORS without cookies, and still needs a token', async () => {
    const origin = 'https://front.example';
    const preflight = await httpCall(server.port, {
      method: 'OPTIONS',
      path: '/graphql',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-origin']).toBe(origin);
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
    expect((await httpCall(server.port, post({ origin }))).status).toBe(401);
    const query = JSON.stringify({ query: '{ server { version } }' });
    const answer = await httpCall(server.port, post({ origin, ...server.authorization }, query));
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
  });
});

describe('with the right token', () => {
  it.each([
    ['application/x-www-form-urlencoded', () => `query=${encodeURIComponent(mutation())}`],
    ['text/plain', () => JSON.stringify({ query: mutation() })],
    ['application/graphql', () => mutation()],
    ['application/jsonx', () => JSON.stringify({ query: mutation() })],
    ['application/json, text/plain', () => JSON.stringify({ query: mutation() })],
    [
      'multipart/form-data; boundary=x',
      () =>
        `--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query: mutation() })}\r\n--x--\r\n`,
    ],
  ])('a post as %s is refused', async (type, body) => {
    expect(
      (await httpCall(server.port, post({ ...server.authorization, 'content-type': type }, body()))).status,
    ).toBe(415);
  });

  it('a mutation by GET, or any other method, is refused', async () => {
    const query = `/graphql?query=${encodeURIComponent(mutation())}`;
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'TRACE']) {
      const answer = await server.call({ method, path: query, headers: { accept: 'text/event-stream' } });
      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.headers.allow).toContain('POST');
    }
  });

  it('a batch, two mutations in one request, and a document without a query are refused', async () => {
    const one = mutation().slice('mutation { '.length, -2);
    const bodies = [
      JSON.stringify([{ query: mutation() }, { query: mutation() }]),
      JSON.stringify({ query: `mutation { a: ${one} b: ${one} }` }),
      JSON.stringify({ query: `mutation { ...f } fragment f on Mutation { a: ${one} b: ${one} }` }),
      JSON.stringify({ query: `mutation { a: ${one} ... on Mutation { b: ${one} } }` }),
      JSON.stringify({}),
      'null',
      '"x"',
      '{"query":',
      '',
      JSON.stringify({ query: mutation(), variables: '{' }),
      JSON.stringify({ query: 5 }),
    ];
    for (const body of bodies) {
      const answer = await httpCall(server.port, post(server.authorization, body));
      const errors =
        (JSON.parse(answer.text) as { errors?: { extensions?: { code?: string } }[] }).errors ?? [];
      expect(errors).toHaveLength(1);
      expect(errors[0]?.extensions?.code).toMatch(/^[A-Z_]+$/);
      expect(answer.text).not.toMatch(/node_modules|\bat .*:\d+:\d+/);
    }
  });

  it('a body that is too large, declared or not, is refused, and so is a compressed one', async () => {
    const big = JSON.stringify({ query: mutation(), variables: { x: 'x'.repeat(300_000) } });
    expect((await httpCall(server.port, post(server.authorization, big))).status).toBe(413);
    const chunked = post({ ...server.authorization, 'transfer-encoding': 'chunked' }, big);
    expect((await httpCall(server.port, chunked)).status).toBe(413);
    expect(
      (await httpCall(server.port, post({ ...server.authorization, 'content-encoding': 'gzip' }))).status,
    ).toBe(415);
  });

  it('a query that is too deep, too wide or too long is refused', async () => {
    const aliases = Array.from({ length: 500 }, (_, index) => `a${String(index)}: server { version }`).join(
      ' ',
    );
    const deep = `{ jobs { edges { node { ${'rerunOf { '.repeat(30)} id ${'} '.repeat(30)} } } } }`;
    for (const query of [`{ ${aliases} }`, deep, `{ ${'server { version } '.repeat(3_000)} }`]) {
      const { errors } = await server.graphql(query);
      expect(errors.length).toBeGreaterThan(0);
      expect(errors[0]?.extensions?.code).toMatch(/^(LIMIT_EXCEEDED|INVALID_INPUT|GRAPHQL_\w+)$/);
    }
  });

  it('after all that, the server does what it is asked', async () => {
    const { server: answer } = await server.ask<{ server: { version: string } }>('{ server { version } }');
    expect(answer.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(server.stderr).not.toContain('"level":50');
  });
});
