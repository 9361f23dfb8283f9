import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AttackedServer } from './attacked-server.ts';
import { written, type RawAnswer, type RawHeader } from './raw-request.ts';

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

const QUERY = '{"query":"{ server { version } }"}';
const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };

/** A page's request with a session: no bearer token, a cookie, and the header of our own pages. */
async function withCookie(
  cookie: string,
  changes: Readonly<Record<string, string | null>> = {},
  body = attacked.payload,
): Promise<RawAnswer> {
  const all = { Authorization: null, Cookie: cookie, 'Lifeline-Request': '1', ...OWN_PAGE, ...changes };
  return attacked.sendRequest({ headers: attacked.headersWith(all, body), body });
}

/** What the login gives: the name and the value of the cookie. */
async function logIn(changes: Readonly<Record<string, string | null>> = {}): Promise<[string, string]> {
  const { token } = attacked.server;
  const body = JSON.stringify({ token });
  const headers = attacked.headersWith({ Authorization: null, ...OWN_PAGE, ...changes }, body);
  const { status, received } = await attacked.sendRequest({ target: '/login', headers, body });
  expect(status).toBe(204);
  const cookie = /^set-cookie: ([^=]+)=([^;]+);/im.exec(received);
  return [cookie?.[1] ?? '', cookie?.[2] ?? ''];
}

describe('a token that is nearly right is wrong:', () => {
  it.each([
    ['none', (): string[] => []],
    ['an empty value', () => ['']],
    ['the scheme alone', () => ['Bearer']],
    ['the scheme and a space', () => ['Bearer ']],
    ['no scheme', (token: string) => [token]],
    ['a prefix of it', (token: string) => [`Bearer ${token.slice(0, -1)}`]],
    ['a suffix of it', (token: string) => [`Bearer ${token.slice(1)}`]],
    ['more behind it', (token: string) => [`Bearer ${token}x`]],
    ['more before it', (token: string) => [`Bearer x${token}`]],
    ['the other case', (token: string) => [`Bearer ${swapCase(token)}`]],
    ['itself twice', (token: string) => [`Bearer ${token}${token}`]],
    ['itself twice, as a list', (token: string) => [`Bearer ${token}, Bearer ${token}`]],
    ['itself twice, as words', (token: string) => [`Bearer ${token} ${token}`]],
    ['itself in quotes', (token: string) => [`Bearer "${token}"`]],
    ['a space inside it', (token: string) => [`Bearer ${token.slice(0, 5)} ${token.slice(5)}`]],
    ['a tab for the space', (token: string) => [`Bearer\t${token}`]],
    ['a no-break space before it', (token: string) => [`Bearer \xa0${token}`]],
    [
      'itself percent-encoded',
      (token: string) => [`Bearer %${token.charCodeAt(0).toString(16)}${token.slice(1)}`],
    ],
    ['itself in base64', (token: string) => [`Bearer ${Buffer.from(token).toString('base64')}`]],
    ['its digest', () => [`Bearer ${'0'.repeat(64)}`]],
    ['Basic, as password', (token: string) => [`Basic ${Buffer.from(`x:${token}`).toString('base64')}`]],
    ['Basic, as user', (token: string) => [`Basic ${Buffer.from(`${token}:`).toString('base64')}`]],
    ['another scheme', (token: string) => [`Token ${token}`]],
    ['Digest', (token: string) => [`Digest username="${token}"`]],
    ['two headers, the right one first', (token: string) => [`Bearer ${token}`, 'Bearer wrong']],
    ['two headers, the right one last', (token: string) => ['Bearer wrong', `Bearer ${token}`]],
    ['two headers, both right', (token: string) => [`Bearer ${token}`, `Bearer ${token}`]],
    ['true', () => ['Bearer true']],
    ['undefined', () => ['Bearer undefined']],
    ['a JSON web token without a signature', () => ['Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.']],
    ['a token of 10 kB', () => [`Bearer ${'x'.repeat(10_000)}`]],
  ])('%s', async (_name, values) => {
    const given = values(attacked.server.token).map((value): RawHeader => ['Authorization', value]);
    const refused = ['/graphql', '/graphql/stream', '/login/ticket'].map(async (target) => {
      const answer = await attacked.sendRequest({
        target,
        headers: [...given, ...attacked.headersWith({ Authorization: null, Accept: 'text/event-stream' })],
        body: attacked.payload,
      });
      expect([target, answer.status]).toEqual([target, 401]);
      expect(answer.head).toContain('www-authenticate: bearer');
    });
    await Promise.all(refused);
  });

  it.each([
    ['Proxy-Authorization', 'Bearer TOKEN'],
    ['X-Authorization', 'Bearer TOKEN'],
    ['X-Api-Key', 'TOKEN'],
    ['X-Auth-Token', 'TOKEN'],
    ['X-GraphQL-Event-Stream-Token', 'TOKEN'],
    ['Cookie', 'token=TOKEN; authorization=Bearer TOKEN; lifeline-PORT=TOKEN'],
    ['X-Forwarded-User', 'root'],
    ['X-Real-IP', '127.0.0.1'],
    ['X-Lifeline-Internal', '1'],
  ])('the token, or what a proxy would vouch with, in %s', async (name, value) => {
    const text = value
      .replaceAll('TOKEN', attacked.server.token)
      .replace('PORT', String(attacked.server.port));
    expect((await attacked.post(attacked.payload, { Authorization: null, [name]: text })).status).toBe(401);
  });

  it.each([['token'], ['access_token'], ['api_token'], ['auth'], ['authorization'], ['key'], ['bearer']])(
    'the token in the URL as %s, in the body, and as user of the target',
    async (name) => {
      const { token } = attacked.server;
      const targets = [`/graphql?${name}=${token}`, `/graphql/stream?${name}=${token}`];
      for (const target of targets) {
        const headers = attacked.headersWith({ Authorization: null });
        expect((await attacked.sendRequest({ target, headers, body: attacked.payload })).status).toBe(401);
      }
      const body = JSON.stringify({ [name]: token, query: attacked.mutation, extensions: { [name]: token } });
      expect((await attacked.post(body, { Authorization: null })).status).toBe(401);
    },
  );
});

describe('a session', () => {
  it('is nothing under another name, with another case, or as anything but the cookie', async () => {
    const [name, value] = await logIn();
    expect((await withCookie(`${name}=${value}`, {}, QUERY)).status).toBe(200);
    for (const cookie of [
      `lifeline=${value}`,
      `lifeline-1=${value}`,
      `${name.toUpperCase()}=${value}`,
      `x${name}=${value}`,
      `__Host-${name}=${value}`,
      `${name}="${value}"`,
      `${name}=${value}x`,
      `${name}=${value.slice(1)}`,
      `${name}=${swapCase(value)}`,
      `${name} =${value}`,
      `$Version=1, ${name}=${value}`,
      value,
    ]) {
      expect([cookie, (await withCookie(cookie)).status]).toEqual([cookie, 401]);
    }
    for (const authorization of [`Bearer ${value}`, `Cookie ${name}=${value}`, 'Bearer wrong', '']) {
      const changes = { Authorization: authorization };
      expect(
        (await withCookie(authorization.includes('wrong') ? `${name}=${value}` : 'x=1', changes)).status,
      ).toBe(401);
    }
  });

  it('is not fixed by the visitor: the login gives a new one whatever cookie came with it', async () => {
    const [name] = await logIn();
    const chosen = 'A'.repeat(43);
    const [, given] = await logIn({ Cookie: `${name}=${chosen}` });
    expect(given).not.toBe(chosen);
    expect((await withCookie(`${name}=${chosen}`)).status).toBe(401);
    const [, again] = await logIn({ Cookie: `${name}=${given}` });
    expect(again).not.toBe(given);
  });

  it('gets in by nobody’s second cookie: the first one counts (cookie tossing)', async () => {
    const [name, value] = await logIn();
    expect((await withCookie(`${name}=tossed; ${name}=${value}`)).status).toBe(401);
    const headers = attacked.headersWith({ Authorization: null, 'Lifeline-Request': '1', ...OWN_PAGE });
    const doubled: RawHeader[] = [['Cookie', `${name}=tossed`], ['Cookie', `${name}=${value}`], ...headers];
    expect((await attacked.sendRequest({ headers: doubled, body: attacked.payload })).status).toBe(401);
  });

  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }, 401],
    ['another port of this host', { 'Sec-Fetch-Site': 'same-site' }, 401],
    [
      'a navigation that posts',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
      401,
    ],
    [
      'a frame',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
      401,
    ],
    ['a word that no browser sends', { 'Sec-Fetch-Site': 'same-origin, cross-site' }, 401],
    ['an own page without its header', { 'Lifeline-Request': null }, 403],
    ['an own page, by a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['a rebound name', { Host: 'evil.example', Origin: 'http://evil.example' }, 403],
    ['Origin null', { Origin: 'null' }, 403],
  ])('is not used by %s', async (_name, changes, status) => {
    const [name, value] = await logIn();
    expect((await withCookie(`${name}=${value}`, changes)).status).toBe(status);
  });

  it('begets no ticket and survives no logout, and a logout from elsewhere ends nothing', async () => {
    const [name, value] = await logIn();
    const post = async (
      target: string,
      changes: Readonly<Record<string, string | null>>,
    ): Promise<number> => {
      const all = {
        Authorization: null,
        Cookie: `${name}=${value}`,
        'Lifeline-Request': '1',
        ...OWN_PAGE,
        ...changes,
      };
      return (await attacked.sendRequest({ target, headers: attacked.headersWith(all, '{}'), body: '{}' }))
        .status;
    };
    expect(await post('/login/ticket', {})).toBe(403);
    expect(await post('/logout', { 'Sec-Fetch-Site': 'cross-site' })).toBe(401);
    expect(await post('/logout', { 'Lifeline-Request': null })).toBe(403);
    expect((await withCookie(`${name}=${value}`, {}, QUERY)).status).toBe(200);
    expect(await post('/logout', {})).toBe(204);
    expect((await withCookie(`${name}=${value}`)).status).toBe(401);
  });
});

describe('a ticket', () => {
  async function newTicket(): Promise<string> {
    const headers = attacked.headersWith({}, '{}');
    const { body, status } = await attacked.sendRequest({ target: '/login/ticket', headers, body: '{}' });
    expect(status).toBe(200);
    return new URL((JSON.parse(body) as { url: string }).url).searchParams.get('ticket') ?? '';
  }

  function visit(query: string): string {
    const headers: RawHeader[] = [
      ['Host', attacked.host],
      ['Connection', 'close'],
    ];
    return written({ method: 'GET', target: `/login/ticket${query}`, headers });
  }

  it('lets one in, however many come with it at the same time', async () => {
    const ticket = await newTicket();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => attacked.send(visit(`?ticket=${ticket}`))),
    );
    expect(answers.filter(({ head }) => head.includes('set-cookie'))).toHaveLength(1);
  });

  it('is nothing in part, in another case, in a list, or in the place of a token', async () => {
    const ticket = await newTicket();
    for (const query of [
      '',
      '?ticket=',
      '?ticket=null',
      '?ticket=__proto__',
      `?ticket=${ticket.slice(1)}`,
      `?ticket=${ticket}x`,
      `?ticket=${swapCase(ticket)}`,
      `?ticket[]=${ticket}`,
      `?Ticket=${ticket}`,
      `?ticket=x&ticket=${ticket}`,
    ]) {
      const { status, head } = await attacked.send(visit(query));
      expect([query, status]).toEqual([query, 303]);
      expect(head).not.toContain('set-cookie');
      expect(head).toContain('location: /login?used');
    }
    expect((await attacked.post(attacked.payload, { Authorization: `Bearer ${ticket}` })).status).toBe(401);
    const headers = attacked.headersWith({ Authorization: null });
    const target = `/graphql?ticket=${ticket}`;
    expect((await attacked.sendRequest({ target, headers, body: attacked.payload })).status).toBe(401);
  });
});

describe('the login', () => {
  it.each([
    ['an array', (token: string) => JSON.stringify({ token: [token] })],
    ['an object', (token: string) => JSON.stringify({ token: { toString: token } })],
    ['true', () => '{"token":true}'],
    ['null', () => '{"token":null}'],
    ['a prototype', (token: string) => `{"__proto__":{"token":"${token}"}}`],
    ['the token with a newline', (token: string) => JSON.stringify({ token: `${token}\n` })],
    ['the token in full width', (token: string) => JSON.stringify({ token: `\uff41${token.slice(1)}` })],
    ['a list of attempts', (token: string) => JSON.stringify([{ token: 'x' }, { token }])],
    ['a doubled key, the wrong one last', (token: string) => `{"token":"${token}","token":"wrong"}`],
  ])('takes no %s for the token', async (_name, body) => {
    const text = Buffer.from(body(attacked.server.token)).toString('latin1');
    const headers = attacked.headersWith({ Authorization: null, ...OWN_PAGE }, text);
    const { status, head } = await attacked.sendRequest({ target: '/login', headers, body: text });
    expect([400, 401, 429]).toContain(status);
    expect(head).not.toContain('set-cookie');
  });

  it('leads to no other origin (open redirect)', async () => {
    const [name, value] = await logIn();
    for (const to of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/%09/evil.example',
      '/\t/evil.example',
      'javascript:alert(1)',
      '/..//evil.example',
      '/login?to=//evil.example',
      '/x\r\nSet-Cookie: a=b',
    ]) {
      const { status, head } = await attacked.get(`/login?to=${encodeURIComponent(to)}`, {
        Authorization: null,
        Cookie: `${name}=${value}`,
        ...OWN_PAGE,
      });
      expect([to, status]).toEqual([to, 303]);
      expect(head).toMatch(/^location: \/(?![/\\])/m);
      expect(head).not.toMatch(/^set-cookie:/m);
    }
  });
});

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}
