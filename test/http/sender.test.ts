import fc from 'fast-check';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopback } from '../../src/http/loopback.ts';
import { Refusal } from '../../src/http/refusal.ts';
import { determineSender, senderOf, type Sender } from '../../src/http/sender.ts';
import { NotLoopbackError } from '../../src/http/server.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { Harness, TestStore, TOKEN } from './harness.ts';

const PROXIES = new TrustedProxies(['10.0.0.0/8', '192.168.7.1', '2001:db8::/32']);

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Who a request is from that came from this address with these headers. */
function sender(remoteAddress: string | undefined, headers: Headers, proxies = PROXIES): Sender {
  const req = {
    socket: { remoteAddress },
    headersDistinct: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value].flat()]),
    ),
  } as unknown as IncomingMessage;
  determineSender(req, false, proxies);
  return senderOf(req);
}

describe('the sender of a request', () => {
  it('is who connects, whatever its headers say, where that is no trusted proxy', () => {
    const headers = {
      'x-forwarded-for': '1.1.1.1',
      'x-forwarded-proto': 'https',
      forwarded: 'for=2.2.2.2;proto=https',
    };
    for (const proxies of [PROXIES, new TrustedProxies([])]) {
      expect(sender('203.0.113.9', headers, proxies)).toEqual({
        address: '203.0.113.9',
        scheme: 'http',
        isOverUnixSocket: false,
      });
    }
    expect(sender(undefined, headers)).toMatchObject({ address: '', scheme: 'http' });
  });

  it.each<[string, Headers, Partial<Sender>]>([
    ['one address', { 'x-forwarded-for': '192.0.2.7' }, { address: '192.0.2.7', scheme: 'http' }],
    ['the last of several', { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' }, { address: '192.0.2.7' }],
    [
      'the last of several headers',
      { 'x-forwarded-for': ['6.6.6.6', '192.0.2.7'] },
      { address: '192.0.2.7' },
    ],
    [
      'the last that is no trusted proxy',
      { 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.1.2.3, 192.168.7.1' },
      { address: '192.0.2.7' },
    ],
    [
      'the farthest where all are trusted',
      { 'x-forwarded-for': '10.0.0.9, 10.0.0.8' },
      { address: '10.0.0.9' },
    ],
    [
      'nothing before what is no address',
      { 'x-forwarded-for': '192.0.2.7, unknown, 10.0.0.8' },
      { address: '10.0.0.8' },
    ],
    ['the proxy where there is no address', { 'x-forwarded-for': 'evil"<>' }, { address: '10.0.0.1' }],
    ['an address with a port', { 'x-forwarded-for': '192.0.2.7:81' }, { address: '192.0.2.7' }],
    ['IPv6 with a port', { 'x-forwarded-for': '[2001:4860::1]:81' }, { address: '2001:4860::1' }],
    ['IPv4 as IPv6', { 'x-forwarded-for': '::ffff:192.0.2.7' }, { address: '192.0.2.7' }],
    ['the scheme', { 'x-forwarded-proto': 'HTTPS' }, { address: '10.0.0.1', scheme: 'https' }],
    ['no other scheme', { 'x-forwarded-proto': 'wss' }, { scheme: 'http' }],
    [
      'a scheme for each',
      { 'x-forwarded-for': '6.6.6.6, 192.0.2.7', 'x-forwarded-proto': 'https, http' },
      { address: '192.0.2.7', scheme: 'http' },
    ],
    [
      'Forwarded',
      { forwarded: 'for=6.6.6.6, for="[2001:4860::1]:99";proto=https;by=10.0.0.1' },
      { address: '2001:4860::1', scheme: 'https' },
    ],
    ['no hidden name', { forwarded: 'for=_hidden;proto=https' }, { address: '10.0.0.1', scheme: 'https' }],
    [
      'both kinds where they agree',
      {
        forwarded: 'for=192.0.2.7;proto=https',
        'x-forwarded-for': '192.0.2.7',
        'x-forwarded-proto': 'https',
      },
      { address: '192.0.2.7', scheme: 'https' },
    ],
  ])('is, behind a trusted proxy, what that says: %s', (_name, headers, expected) => {
    expect(sender('10.0.0.1', headers)).toMatchObject(expected);
    expect(sender('::ffff:10.0.0.1', headers)).toMatchObject(expected);
  });

  it('is refused where a client adds the kind of header that its proxy does not write', () => {
    const written = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'http' };
    expect(() => sender('10.0.0.1', { ...written, forwarded: 'for=127.0.0.1' })).toThrow(Refusal);
    expect(() => sender('10.0.0.1', { forwarded: 'for=192.0.2.7', 'x-forwarded-proto': 'https' })).toThrow(
      Refusal,
    );
  });

  it('is never one that the client made up, whatever it sends before its proxies add to it', () => {
    const text = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom('10.0.0.1', 'unknown', ',', '"'),
    );
    const client = fc.ipV4().filter((address) => !PROXIES.trusts(address));
    fc.assert(
      fc.property(fc.array(text), client, fc.boolean(), (invented, address, isChain) => {
        const chain = isChain ? [address, '10.9.9.9'] : [address];
        const headers = { 'x-forwarded-for': [...invented, ...chain].join(', ') };
        expect(sender('10.0.0.1', headers).address).toBe(address);
      }),
    );
  });

  it('is known only after the gate', () => {
    expect(() => senderOf({} as unknown as IncomingMessage)).toThrow('gate');
  });
});

describe('trusted proxies', () => {
  it.each(['', 'proxy', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.1/', '1.2.3.4/-1', '127.1', '*'])(
    'are none of %j',
    (text) => {
      expect(() => new TrustedProxies([text])).toThrow(TypeError);
    },
  );

  it('are those of a range, and an address however it is written', () => {
    expect(PROXIES.trusts('10.255.0.1')).toBe(true);
    expect(PROXIES.trusts('11.0.0.1')).toBe(false);
    expect(PROXIES.trusts('2001:0db8:0::1')).toBe(true);
    expect(PROXIES.trusts('a unix socket')).toBe(false);
    expect(new TrustedProxies([]).trusts('127.0.0.1')).toBe(false);
  });
});

describe('a loopback address', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST'])(
    'is %s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    '0',
    '0.0.0.0',
    '::',
    '::0',
    '127.1',
    '127.0.0.1.example',
    '127.999.0.1',
    '0x7f.1',
    '2130706433',
    '::ffff:0.0.0.0',
    '',
    ' 127.0.0.1',
    'localhost.',
    '10.0.0.1',
  ])('is not %j', (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  it('is one only in 127.0.0.0/8, of all that IPv4 has', () => {
    fc.assert(fc.property(fc.ipV4(), (host) => isLoopback(host) === host.startsWith('127.')));
  });
});

describe('a server behind a proxy', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await TestStore.open();
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
  });

  const FORWARDED = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' };

  function start(trusted: readonly string[]): Promise<Harness> {
    return Harness.start(store, {
      config: { trustedProxies: new TrustedProxies(trusted), allowedHosts: ['lifeline.test'] },
    });
  }

  /** A login and what follows, over a connection of its own, as a proxy sends it. */
  async function raw(harness: Harness, target: string, headers: Record<string, string>, body: string) {
    const all = {
      Host: 'lifeline.test',
      'Content-Type': 'application/json',
      Connection: 'close',
      ...headers,
    };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    const length = `Content-Length: ${String(Buffer.byteLength(body))}`;
    return harness.raw([`POST ${target} HTTP/1.1`, ...head, length, '', body].join('\r\n'));
  }

  const login = JSON.stringify({ token: TOKEN });

  it('has the origin, the cookie and the tickets of what the browser sees', async () => {
    await using harness = await start(['127.0.0.1']);
    const own = { ...FORWARDED, origin: 'https://lifeline.test' };
    expect(await raw(harness, '/login', own, login)).toMatch(
      /204 No Content[^]*set-cookie: __Host-lifeline-443=[\w-]{43}; .*SameSite=Strict; Secure/i,
    );
    expect(await raw(harness, '/login', { ...own, origin: 'http://lifeline.test' }, login)).toContain('403 ');
    const ticket = await raw(
      harness,
      '/login/ticket',
      { ...FORWARDED, authorization: `Bearer ${TOKEN}` },
      '{}',
    );
    expect(ticket).toContain('"url":"https://lifeline.test/login/ticket?');
  });

  it('believes nothing of it where the proxy is not trusted', async () => {
    await using harness = await start(['192.0.2.0/24']);
    expect(await raw(harness, '/login', FORWARDED, login)).toMatch(
      /set-cookie: lifeline-80=[^;]*; .*SameSite=Strict\r/i,
    );
    expect(await raw(harness, '/login', { ...FORWARDED, origin: 'https://lifeline.test' }, login)).toContain(
      '403 ',
    );
  });

  it('does not listen without authentication where others come, whatever name led there', async () => {
    const config = { auth: 'off', token: '', host: '0.0.0.0' } as const;
    await expect(Harness.start(store, { config })).rejects.toThrow(NotLoopbackError);
  });

  it('slows down who guesses, and not who comes through the same proxy', async () => {
    await using harness = await start(['127.0.0.1']);
    const wrong = JSON.stringify({ token: 'a wrong token, a wrong token' });
    const guesses = Array.from({ length: 30 }, () => raw(harness, '/login', FORWARDED, wrong));
    const first = await Promise.race(guesses);
    expect(first).toMatch(/ (401|429) /);
    const other = await raw(harness, '/login', { 'x-forwarded-for': '192.0.2.8' }, login);
    expect(other).toContain('204 ');
    const answers = await Promise.all(guesses);
    expect(answers.filter((answer) => answer.includes(' 429 ')).length).toBeGreaterThanOrEqual(20);
  });
});
