import { request } from 'node:http';
import { BlockList } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { guesserOf } from '../../src/http/guesser-of.ts';
import type { TlsIdentity } from '../../src/http/http-config.ts';
import { Refusal } from '../../src/http/refusal.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { WrongAttempts } from '../../src/http/wrong-attempts.ts';
import { makeCertificate } from './certificate.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';
import { Http2Client } from './http2-client.ts';

const MOST_WAITING = 8;
const MOST_WAITING_IN_ALL = 200;
const LONGEST_DELAY_MS = 4_000;
const MOST_REMEMBERED = 10_000;
const QUERY = JSON.stringify({ query: '{ server { version } }' });

describe('wrong attempts', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  interface Step {
    readonly guesser: number;
    readonly pauseMs: number;
  }

  it('are answered late, a few of one address at once and a few more of all, whoever comes when', async () => {
    const step: fc.Arbitrary<Step> = fc.record({
      guesser: fc.integer({ min: 0, max: 60 }),
      pauseMs: fc.oneof(
        { weight: 400, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
      ),
    });
    const crowd = fc.array(step, { maxLength: 600, size: 'max' });
    await fc.assert(
      fc.asyncProperty(crowd, async (steps) => {
        vi.useFakeTimers();
        const attempts = new WrongAttempts();
        const waiting = new Map<number, number>();
        let inAll = 0;
        const asked: Promise<void>[] = [];
        for (const { guesser, pauseMs } of steps) {
          await vi.advanceTimersByTimeAsync(pauseMs);
          const beganMs = performance.now();
          const before = waiting.get(guesser) ?? 0;
          const hasRoom = before < MOST_WAITING && inAll < MOST_WAITING_IN_ALL;
          if (hasRoom) {
            waiting.set(guesser, before + 1);
            inAll += 1;
          }
          asked.push(
            attempts.answerLate(`10.0.0.${String(guesser)}`).then(
              () => {
                expect(hasRoom).toBe(true);
                const waitedMs = performance.now() - beganMs;
                expect(waitedMs).toBeGreaterThanOrEqual(100);
                expect(waitedMs).toBeLessThanOrEqual(LONGEST_DELAY_MS);
                waiting.set(guesser, (waiting.get(guesser) ?? 0) - 1);
                inAll -= 1;
              },
              (error: unknown) => {
                expect(hasRoom).toBe(false);
                expect(error).toBeInstanceOf(Refusal);
                expect(error).toMatchObject({ status: 429, code: 'LIMIT_EXCEEDED' });
              },
            ),
          );
        }
        await vi.advanceTimersByTimeAsync(LONGEST_DELAY_MS);
        await Promise.all(asked);
        expect(inAll).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('of one address wait longer each time, and begin anew after a quiet minute', async () => {
    vi.useFakeTimers();
    const attempts = new WrongAttempts();
    const waitOnce = async (): Promise<number> => {
      const beganMs = performance.now();
      const answered = attempts.answerLate('10.0.0.1').then(() => performance.now() - beganMs);
      await vi.advanceTimersByTimeAsync(LONGEST_DELAY_MS);
      return answered;
    };
    const waits: number[] = [];
    for (let n = 0; n < 8; n += 1) waits.push(await waitOnce());
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 4_000, 4_000]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await waitOnce()).toBe(100);
  });

  it('are remembered of so many addresses and no more, and forgotten after a quiet minute', async () => {
    vi.useFakeTimers();
    const attempts = new WrongAttempts();
    for (let n = 0; n < MOST_REMEMBERED + 500; n += 1) {
      const answered = attempts.answerLate(`10.0.${String(n >> 8)}.${String(n & 255)}`);
      if (n % 16 === 15) await vi.advanceTimersByTimeAsync(LONGEST_DELAY_MS / 100);
      void answered.catch(() => undefined);
      if (n % MOST_WAITING_IN_ALL === MOST_WAITING_IN_ALL - 1) vi.advanceTimersByTime(LONGEST_DELAY_MS);
      expect(attempts.remembered).toBeLessThanOrEqual(MOST_REMEMBERED + MOST_WAITING_IN_ALL);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    void attempts.answerLate('10.1.0.1');
    expect(attempts.remembered).toBe(1);
  });

  it('do not keep the process alive', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    void new WrongAttempts().answerLate('10.0.0.1');
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
  });
});

describe('who is taken for one guesser', () => {
  it('is everybody of one /64 of IPv6, however it is written, and nobody else', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
        const site = new BlockList();
        site.addSubnet(one, 64, 'ipv6');
        expect(guesserOf(one) === guesserOf(other)).toBe(site.check(other, 'ipv6'));
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (one, low) => {
        const [groups] = guesserOf(one).split('::');
        const text = low.toString(16).padStart(16, '0');
        const neighbour = `${groups!}:${text.replace(/(....)(?=.)/g, '$1:')}`;
        expect(guesserOf(neighbour)).toBe(guesserOf(one));
      }),
    );
  });

  it('is one IPv4 address, and the unix socket', () => {
    expect(guesserOf('192.0.2.1')).toBe('192.0.2.1');
    expect(guesserOf('a unix socket')).toBe('a unix socket');
    expect(guesserOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(guesserOf('64:ff9b::192.0.2.1')).toBe('64:ff9b:0:0::/64');
  });
});

describe('a wrong token', () => {
  let store: TestStore;
  let identity: TlsIdentity;
  beforeAll(async () => {
    store = await TestStore.open();
    identity = await makeCertificate();
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
  });

  const DOORS = [
    ['POST', '/graphql'],
    ['PUT', '/graphql/stream'],
    ['GET', '/events?job_id=1'],
    ['GET', '/jobs/1/log'],
    ['GET', '/readyz'],
    ['GET', '/'],
    ['GET', '/graphql'],
    ['GET', '/nothing/here'],
    ['POST', '/login'],
    ['GET', '/login/ticket?ticket=wrong'],
  ] as const;

  interface Asked {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    /** Default: the query. */
    readonly body?: string;
  }
  type Ask = (asked: Asked) => Promise<number>;

  function overHttp1(harness: Harness): Ask {
    return ({ method, path, headers = {}, body = QUERY }) =>
      new Promise((resolve) => {
        const outgoing = request(
          harness.url + path,
          {
            method,
            agent: false,
            headers: { ...(method === 'POST' && { 'content-type': 'application/json' }), ...headers },
          },
          (incoming) => {
            incoming.resume();
            incoming.on('end', () => {
              resolve(incoming.statusCode ?? 0);
            });
          },
        );
        // Cut, as those are that still wait when a test is over.
        outgoing.on('error', () => {
          resolve(0);
        });
        outgoing.end(method === 'POST' ? body : undefined);
      });
  }

  function overHttp2(client: Http2Client): Ask {
    return async ({ method, path, headers = {}, body = QUERY }) => {
      const all = { ...(method === 'POST' && { 'content-type': 'application/json' }), ...headers };
      const answer = await client.call({ method, path, headers: all, ...(method === 'POST' && { body }) });
      return answer.status;
    };
  }

  /** What a wrong guess at a door looks like. */
  function wrongAt(method: string, path: string): Asked {
    if (path === '/login') return { method, path, body: JSON.stringify({ token: 'wrong' }) };
    if (path.startsWith('/login/ticket')) return { method, path };
    return { method, path, headers: { authorization: 'Bearer wrong' } };
  }

  const right: Asked = {
    method: 'POST',
    path: '/graphql',
    headers: { authorization: `Bearer ${TOKEN}` },
  };

  async function expectLateAlone(ask: Ask, method: string, path: string): Promise<void> {
    const order: string[] = [];
    const note = (name: string, answer: Promise<number>): Promise<number> =>
      answer.finally(() => order.push(name));
    const wrong = note('wrong', ask(wrongAt(method, path)));
    expect(await note('right', ask(right))).toBe(200);
    expect(await note('none', ask({ method: 'GET', path: '/readyz' }))).toBe(401);
    expect(await wrong).toBe(path.startsWith('/login/ticket') ? 303 : 401);
    expect(order).toEqual(['right', 'none', 'wrong']);
  }

  it.each(DOORS)(
    'is answered late at %s %s, and delays nobody else at that address',
    async (method, path) => {
      await using harness = await Harness.start(store);
      await overHttp1(harness)(right);
      await expectLateAlone(overHttp1(harness), method, path);
    },
  );

  it('is answered late over HTTP/2, too, and delays nobody else on that connection', async () => {
    await using harness = await Harness.start(store, { config: { tls: identity } });
    using client = await Http2Client.open(harness.url, identity.certificate);
    await overHttp2(client)(right);
    for (const [method, path] of DOORS.slice(0, 4)) await expectLateAlone(overHttp2(client), method, path);
  });

  it('is refused at once where eight of that address wait, on whatever doors, and a right one is let in', async () => {
    await using harness = await Harness.start(store);
    const ask = overHttp1(harness);
    const doors = Array.from({ length: 9 }, (_, n) => DOORS[n % DOORS.length]!);
    const wrong = doors.map(([method, path]) => ask(wrongAt(method, path)));
    expect(await Promise.race(wrong)).toBe(429);
    expect(await ask(right)).toBe(200);
    const login = { method: 'POST', path: '/login', body: JSON.stringify({ token: TOKEN }) };
    expect(await ask(login)).toBe(204);
  });

  it('keeps its place when its client leaves: leaving early does not make guessing fast', async () => {
    await using harness = await Harness.start(store);
    const ask = overHttp1(harness);
    const wrong = wrongAt('POST', '/graphql');
    // Each of these leaves as soon as it has been looked at: a request after it on the same connection has been answered.
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = await harness.connect();
        const lines = ['POST /graphql HTTP/1.1', `Host: 127.0.0.1:${String(harness.port)}`];
        lines.push('Authorization: Bearer wrong', 'Content-Type: application/json', 'Content-Length: 0');
        await new Promise((resolve) => socket.write(`${lines.join('\r\n')}\r\n\r\n`, resolve));
        expect(await ask(right)).toBe(200);
        socket.destroy();
      }),
    );
    expect(await ask(wrong)).toBe(429);
  });

  it('does not hold up a server that closes: each is answered and on record before that is over', async () => {
    const harness = await Harness.start(store);
    const ask = overHttp1(harness);
    const wrong = Array.from({ length: 9 }, () => ask(wrongAt('POST', '/graphql')));
    expect(await Promise.race(wrong)).toBe(429);
    const stoppedAtMs = performance.now();
    await harness[Symbol.asyncDispose]();
    expect(performance.now() - stoppedAtMs).toBeLessThan(LONGEST_DELAY_MS);
    expect(harness.acts.reduce((sum, { count }) => sum + count, 0)).toBe(9);
    expect((await Promise.all(wrong)).toSorted()).toEqual([...Array<number>(8).fill(401), 429]);
  });

  it('is refused at once where two hundred wait, of whatever addresses, and a right one is let in', async () => {
    const trustedProxies = new TrustedProxies(['127.0.0.1']);
    await using harness = await Harness.start(store, { config: { trustedProxies } });
    const ask = overHttp1(harness);
    const from = (n: number): Asked => {
      const headers = { authorization: 'Bearer wrong', 'x-forwarded-for': `2001:db8:${n.toString(16)}::1` };
      return { method: 'GET', path: '/readyz', headers };
    };
    const statuses: number[] = [];
    const wrong = Array.from({ length: 400 }, async (_, n) => statuses.push(await ask(from(n + 1))));
    await until(() => statuses.includes(429));
    expect(await ask(right)).toBe(200);
    const rightFromThere = { 'x-forwarded-for': '2001:db8:1::2', authorization: `Bearer ${TOKEN}` };
    expect(await ask({ ...right, headers: rightFromThere })).toBe(200);
    await until(() => wrong.length - statuses.length <= MOST_WAITING_IN_ALL);
    expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
  });

  it('is counted for the whole /64 of an IPv6 address', async () => {
    const trustedProxies = new TrustedProxies(['127.0.0.1']);
    await using harness = await Harness.start(store, { config: { trustedProxies } });
    const ask = overHttp1(harness);
    const wrong = Array.from({ length: 9 }, (_, n) =>
      ask({
        method: 'GET',
        path: '/readyz',
        headers: { authorization: 'Bearer wrong', 'x-forwarded-for': `2001:db8::${String(n + 1)}` },
      }),
    );
    expect(await Promise.race(wrong)).toBe(429);
  });

  it('is not a cookie that is not known, or a header that cannot be a token: these are refused at once', async () => {
    await using harness = await Harness.start(store);
    const ask = overHttp1(harness);
    const name = `lifeline-${String(harness.port)}`;
    const unknown = [
      { cookie: `${name}=${'A'.repeat(43)}` },
      { authorization: 'Basic eDp5' },
      { authorization: 'Bearer' },
    ];
    const answers = Array.from({ length: 60 }, (_, n) =>
      ask({ method: 'GET', path: '/readyz', headers: unknown[n % unknown.length]! }),
    );
    expect(new Set(await Promise.all(answers))).toEqual(new Set([401]));
  });
});
