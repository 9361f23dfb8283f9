import { existsSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { residentBytes } from '../end-to-end/harness/processes.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { AttackedServer } from './attacked-server.ts';
import { written, type RawHeader } from './raw-request.ts';

let attacked: AttackedServer;
beforeAll(async () => {
  attacked = await AttackedServer.start();
});
afterEach(async () => {
  await attacked.expectUnharmed();
});
afterAll(async () => {
  await attacked.leave();
});

/** Complete and authorized: whoever lets it through as a request of its own has run it. */
function smuggled(): string {
  return written({ headers: attacked.headers(), body: attacked.payload });
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** The head of a request with everything but its length, which the attack gives. */
function head(...framing: readonly string[]): string {
  const headers = attacked.headersWith({ 'Content-Length': null, Connection: null });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return ['POST /graphql HTTP/1.1', ...lines, ...framing, '', ''].join('\r\n');
}

const QUERY = '{"query":"{ server { version } }"}';
const LENGTH = `Content-Length: ${String(QUERY.length)}`;

it('the request that all attacks vary runs when nothing is wrong with it', async () => {
  expect((await attacked.sendRequest({ headers: attacked.headers(), body: attacked.payload })).status).toBe(
    200,
  );
  await untilTrue(() => existsSync(attacked.witness), { what: 'the witness' });
  rmSync(attacked.witness);
  await attacked.allowJobs();
});

describe('a request that two servers could read in two ways is refused whole (RFC 9112, 6 and 11.2):', () => {
  it.each([
    [
      'Content-Length and Transfer-Encoding (CL.TE)',
      () => head('Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n' + smuggled(),
    ],
    [
      'Transfer-Encoding and Content-Length (TE.CL)',
      () => head('Transfer-Encoding: chunked', 'Content-Length: 4') + chunk(smuggled()) + '0\r\n\r\n',
    ],
    [
      'two different lengths',
      () => head('Content-Length: 0', `Content-Length: ${String(smuggled().length)}`) + smuggled(),
    ],
    ['the same length twice', () => head(LENGTH, LENGTH) + QUERY + smuggled()],
    ['a list of lengths', () => head(`Content-Length: ${String(QUERY.length)}, 0`) + QUERY + smuggled()],
    ['a length with a sign', () => head(`Content-Length: +${String(QUERY.length)}`) + QUERY + smuggled()],
    ['a negative length', () => head('Content-Length: -1') + smuggled()],
    ['a hexadecimal length', () => head('Content-Length: 0x22') + QUERY + smuggled()],
    ['a length beyond 64 bits', () => head('Content-Length: 18446744073709551650') + QUERY + smuggled()],
    [
      'a coding that is not chunked',
      () => head('Transfer-Encoding: xchunked') + chunk(QUERY) + '0\r\n\r\n' + smuggled(),
    ],
    [
      'chunked that is not the last coding',
      () => head('Transfer-Encoding: chunked, identity') + chunk(QUERY) + '0\r\n\r\n' + smuggled(),
    ],
    [
      'two codings in two lines',
      () =>
        head('Transfer-Encoding: chunked', 'Transfer-Encoding: identity') +
        chunk(QUERY) +
        '0\r\n\r\n' +
        smuggled(),
    ],
    [
      'a tab before the colon',
      () => head('Transfer-Encoding\t: chunked') + chunk(QUERY) + '0\r\n\r\n' + smuggled(),
    ],
    ['a space before the colon', () => head('Content-Length : 0') + smuggled()],
    ['a vertical tab in a value', () => head('Transfer-Encoding: \x0bchunked') + '0\r\n\r\n' + smuggled()],
    [
      'a folded header line',
      () => head('X-Folded: 1\r\n Transfer-Encoding: chunked') + '0\r\n\r\n' + smuggled(),
    ],
    ['a chunk size that is no number', () => head('Transfer-Encoding: chunked') + 'zz\r\n' + smuggled()],
    [
      'a chunk size of 17 digits',
      () => head('Transfer-Encoding: chunked') + '10000000000000000\r\n' + smuggled(),
    ],
    ['a chunk size with a sign', () => head('Transfer-Encoding: chunked') + `-1\r\n${smuggled()}`],
    [
      'a chunk that is longer than it says',
      () => head('Transfer-Encoding: chunked') + `1\r\n${QUERY}\r\n0\r\n\r\n` + smuggled(),
    ],
    [
      'a bare newline behind a chunk size',
      () =>
        head('Transfer-Encoding: chunked') +
        `${QUERY.length.toString(16)}\n${QUERY}\r\n0\r\n\r\n` +
        smuggled(),
    ],
    ['a bare newline between headers', () => head('X-One: 1\nX-Two: 2') + QUERY + smuggled()],
    ['a bare carriage return in a header', () => head('X-One: 1\rTransfer-Encoding: chunked') + smuggled()],
    ['a NUL in a header', () => head('X-One: a\0b', 'Content-Length: 0') + smuggled()],
    ['a control byte in a name', () => head('X\x01One: 1', 'Content-Length: 0') + smuggled()],
    ['no name before the colon', () => head(': 1', 'Content-Length: 0') + smuggled()],
  ])('%s', async (_name, bytes) => {
    const { statuses, head: answer } = await attacked.send(bytes());
    expect(statuses).toEqual([expect.toSatisfy((status: number) => status === 400 || status === 413)]);
    expect(answer).toContain('connection: close');
  });
});

describe('what follows a request that is complete is no part of it:', () => {
  it.each([
    [
      'a body behind a GET without a length',
      () =>
        written({
          method: 'GET',
          target: '/healthz',
          headers: [
            ['Host', attacked.host],
            ['Connection', 'close'],
          ],
          body: smuggled(),
        }),
    ],
    [
      'a body behind HTTP/1.0',
      () =>
        written({
          version: 'HTTP/1.0',
          headers: attacked.headersWith({ 'Content-Length': '0' }),
          body: smuggled(),
        }),
    ],
    [
      'a request behind one that closes',
      () => written({ headers: attacked.headers(QUERY), body: QUERY }) + smuggled(),
    ],
  ])('%s', async (_name, bytes) => {
    expect((await attacked.send(bytes())).statuses).toHaveLength(1);
  });

  it('a request behind a refused one is judged by itself', async () => {
    const foreign = written({
      headers: attacked.headersWith({ Host: 'evil.example', Connection: null }),
      body: attacked.payload,
    });
    const anonymous = written({
      headers: attacked.headersWith({ Authorization: null, Connection: null }),
      body: attacked.payload,
    });
    const own = written({ headers: attacked.headers(QUERY), body: QUERY });
    expect((await attacked.send(foreign + anonymous + foreign + own)).statuses).toEqual([403, 401, 403, 200]);
  });

  it('a chunk extension and a trailer change nothing of what the headers said', async () => {
    const extension = `${QUERY.length.toString(16)};Host=evil\r\n${QUERY}\r\n`;
    const trailer = `0\r\nAuthorization: Bearer ${attacked.server.token}\r\nHost: ${attacked.host}\r\n\r\n`;
    const authorized = head('Transfer-Encoding: chunked', 'Connection: close') + extension + trailer;
    expect((await attacked.send(authorized)).statuses).toEqual([200]);
    const anonymous = attacked.headersWith({
      Authorization: null,
      'Content-Length': null,
      'Transfer-Encoding': 'chunked',
    });
    const bytes = written({ headers: anonymous, body: chunk(attacked.payload) + trailer });
    expect((await attacked.send(bytes)).status).toBe(401);
  });
});

describe('a target or a Host that is not of this server is refused:', () => {
  it.each([
    ['the absolute form (a proxy’s)', 'POST', () => `http://${attacked.host}/graphql`],
    ['the absolute form of another server', 'POST', () => 'http://evil.example/graphql'],
    ['the authority form', 'CONNECT', () => '169.254.169.254:80'],
    ['the asterisk form', 'OPTIONS', () => '*'],
    ['no path', 'POST', () => '?query=1'],
    ['a name in the path', 'POST', () => '//evil.example/graphql'],
    ['user and host in the path', 'POST', () => '/@evil.example'],
    ['a backslash', 'POST', () => '\\graphql'],
    ['a NUL', 'POST', () => '/graphql\0'],
    ['a space', 'POST', () => '/gra phql'],
    ['a byte above ASCII', 'POST', () => '/graphql\xff'],
    ['a fragment', 'POST', () => '/graphql#x'],
  ])('%s', async (_name, method, target) => {
    const answer = await attacked.sendRequest({
      method,
      target: target(),
      headers: attacked.headers(),
      body: attacked.payload,
    });
    expect(answer.statuses.length).toBeLessThanOrEqual(1);
    expect([0, 400, 404, 405]).toContain(answer.status);
  });

  it.each([
    ['none', () => []],
    ['an empty one', () => ['']],
    ['two', () => [attacked.host, attacked.host]],
    ['two in one', () => [`${attacked.host}, evil.example`]],
    ['user information', () => [`user@${attacked.host}`]],
    ['a path', () => [`${attacked.host}/x`]],
    ['a query', () => [`${attacked.host}?x`]],
    ['a space inside', () => ['127.0.0.1 :80']],
    ['a tab inside', () => [`127.0.0.1\t:${String(attacked.server.port)}`]],
    ['a percent escape', () => [`127.0.0%2e1:${String(attacked.server.port)}`]],
    ['a port that is no number', () => ['127.0.0.1:http']],
    ['a port of six digits', () => [`127.0.0.1:0${String(attacked.server.port)}`]],
    ['an open bracket', () => ['[::1']],
    ['a zone', () => [`[::1%25eth0]:${String(attacked.server.port)}`]],
    ['a byte above ASCII', () => [`127.0.0.1\xa0:${String(attacked.server.port)}`]],
    ['another way to write the address (octal)', () => [`0177.0.0.1:${String(attacked.server.port)}`]],
    ['another way to write the address (one number)', () => [`2130706433:${String(attacked.server.port)}`]],
    ['the unspecified address (0.0.0.0 day)', () => [`0.0.0.0:${String(attacked.server.port)}`]],
    ['another address of the loopback', () => [`127.0.0.2:${String(attacked.server.port)}`]],
    ['a name below localhost', () => [`x.localhost:${String(attacked.server.port)}`]],
    ['a name with a dot behind it', () => [`localhost.:${String(attacked.server.port)}`]],
  ])('Host with %s', async (_name, hosts) => {
    const headers = attacked.headersWith({ Host: null });
    const given = hosts().map((host): RawHeader => ['Host', host]);
    const { status } = await attacked.sendRequest({
      headers: [...given, ...headers],
      body: attacked.payload,
    });
    expect([400, 403]).toContain(status);
  });

  it.each([
    ['X-Forwarded-Host'],
    ['X-Host'],
    ['Forwarded'],
    ['X-Original-URL'],
    ['X-Rewrite-URL'],
    ['X-Forwarded-For'],
  ])('no %s makes a foreign Host ours, or another path of this one', async (name) => {
    const value =
      name === 'Forwarded' ? `host=${attacked.host}` : name.endsWith('URL') ? '/healthz' : attacked.host;
    const foreign = attacked.headersWith({ Host: 'evil.example', [name]: value });
    expect((await attacked.sendRequest({ headers: foreign, body: attacked.payload })).status).toBe(403);
    const anonymous = attacked.headersWith({ Authorization: null, [name]: value });
    expect((await attacked.sendRequest({ headers: anonymous, body: attacked.payload })).status).toBe(401);
  });
});

describe('an expectation or an upgrade gets around nothing:', () => {
  it('Expect: 100-continue without a credential is refused and never told to go on', async () => {
    const headers = attacked.headersWith({ Authorization: null, Expect: '100-continue' });
    expect((await attacked.sendRequest({ headers })).statuses).toEqual([401]);
  });

  it('an expectation that nobody knows is refused, or without effect', async () => {
    const headers = attacked.headersWith({ Expect: '200-ok', Host: 'evil.example' });
    expect([403, 417]).toContain((await attacked.sendRequest({ headers })).status);
  });

  it.each([
    [
      'h2c',
      {
        Upgrade: 'h2c',
        Connection: 'Upgrade, HTTP2-Settings, close',
        'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA',
      },
    ],
    [
      'websocket',
      {
        Upgrade: 'websocket',
        Connection: 'Upgrade, close',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    ],
    ['TLS', { Upgrade: 'TLS/1.0', Connection: 'Upgrade, close' }],
  ])('Upgrade: %s', async (_name, upgrade) => {
    const headers = attacked.headersWith({ Authorization: null, ...upgrade });
    const { statuses } = await attacked.sendRequest({ headers, body: attacked.payload });
    expect(statuses).toEqual([401]);
  });

  it.each([
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['HTTP/0.9', 'GET /graphql\r\n\r\n'],
    ['HTTP/9.9', 'GET /healthz HTTP/9.9\r\n\r\n'],
    ['an SSH greeting', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a Redis command', '*1\r\n$8\r\nFLUSHALL\r\n'],
    ['NUL bytes', '\0'.repeat(1_000)],
    ['an unknown method', 'EVIL /graphql HTTP/1.1\r\n\r\n'],
    ['a method in lower case', 'post /graphql HTTP/1.1\r\n\r\n'],
  ])('%s', async (_name, bytes) => {
    expect((await attacked.send(bytes)).statuses).toEqual([400]);
  });
});

describe('too much is refused before it costs anything:', () => {
  it.each([
    ['a header line of 1 MB', (): RawHeader[] => [['X-Long', 'x'.repeat(1_000_000)]]],
    ['10,000 headers', (): RawHeader[] => Array.from({ length: 10_000 }, (_, n) => [`X-${String(n)}`, '1'])],
    ['a cookie of 100 kB', (): RawHeader[] => [['Cookie', `a=${'x'.repeat(100_000)}`]]],
  ])('%s', async (_name, headers) => {
    const before = residentBytes(attacked.server.pid);
    const { status } = await attacked.sendRequest({
      headers: [...headers(), ...attacked.headers()],
      body: attacked.payload,
    });
    // Refused while the client still sends, its connection may break before the answer can be read.
    expect([0, 431]).toContain(status);
    expect(residentBytes(attacked.server.pid) - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('headers beyond the number that is read do not hide the one that matters', async () => {
    // Node drops what is beyond 2,000 unless it is told otherwise, a foreign Origin with it.
    const many = Array.from({ length: 3_000 }, (): RawHeader => ['a', '']);
    const foreign = attacked.headersWith({ Origin: 'https://evil.example' });
    const origin = foreign.filter(([name]) => name === 'Origin');
    const rest = foreign.filter(([name]) => name !== 'Origin');
    const { status } = await attacked.sendRequest({
      headers: [...rest, ...many, ...origin],
      body: attacked.payload,
    });
    expect([400, 403, 431]).toContain(status);
  });

  it('a target of 100 kB', async () => {
    const answer = await attacked.get(`/events?job_id=${'1'.repeat(100_000)}`);
    expect([0, 431]).toContain(answer.status);
  });

  it('a body that says 1 TB, and one that never ends', async () => {
    const declared = attacked.headersWith({ 'Content-Length': '1000000000000' });
    const answered = (answer: { readonly body: string }): boolean => answer.body.includes('LIMIT_EXCEEDED');
    expect((await attacked.sendRequest({ headers: declared, body: '{' }, answered)).status).toBe(413);
    const endless = head('Transfer-Encoding: chunked') + chunk(' '.repeat(64 * 1024)).repeat(8);
    expect((await attacked.send(endless, answered)).status).toBe(413);
  });

  it('a request that stops in the middle holds nobody up', async () => {
    const half = attacked.send(head(LENGTH) + '{"query', () => served);
    const halfHead = attacked.send('POST /graphql HTTP/1.1\r\nHost: x', () => served);
    let served = false;
    expect((await attacked.post(QUERY)).status).toBe(200);
    served = true;
    expect([(await half).received, (await halfHead).received]).toEqual(['', '']);
  });
});
