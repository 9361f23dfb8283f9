import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditedAct } from '../../src/domain/audit.ts';
import { RefusalTally } from '../../src/http/refusal-tally.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';

let store: TestStore;
let harness: Harness;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});
beforeEach(async () => {
  harness = await Harness.start(store);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

interface Entry {
  readonly id: string;
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly subject: string | null;
  readonly result: string;
  readonly count: number;
  readonly token: { readonly name: string } | null;
}

const AUDIT_LOG = `query($first: Int, $after: String, $where: AuditFilter) {
  auditLog(first: $first, after: $after, where: $where) {
    pageInfo { endCursor hasNextPage }
    edges { node { id who address action subject result count token { name } } }
  }
}`;

async function entries(where: object = {}): Promise<readonly Entry[]> {
  const { data } = await harness.graphql(AUDIT_LOG, { first: 100, where });
  const { edges } = data?.['auditLog'] as { edges: readonly { node: Entry }[] };
  return edges.map(({ node }) => node);
}

let lastId = 0;
/** What came since this was last asked, oldest first. */
async function fresh(): Promise<readonly Omit<Entry, 'id'>[]> {
  const found = (await entries()).filter(({ id }) => Number(id) > lastId).reverse();
  lastId = Math.max(lastId, ...found.map(({ id }) => Number(id)));
  return found.map(({ id: _id, ...entry }) => entry);
}
beforeEach(fresh);

async function ask(token: string, query: string, variables: object = {}): Promise<Response> {
  return fetch(`${harness.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
}

const OWN = { who: 'the API token', address: '127.0.0.1', token: null, count: 1 };
const RUN = 'mutation { startJob(input: { command: ["/bin/true"] }) { status } }';

let names = 0;
async function tokenOf(scope: string): Promise<{ name: string; secret: string }> {
  names += 1;
  const name = `audited-${String(names)}`;
  const { data } = await harness.graphql(
    'mutation($input: CreateTokenInput!) { createToken(input: $input) { secret } }',
    { input: { name, scope } },
  );
  return { name, secret: (data as { createToken: { secret: string } }).createToken.secret };
}

describe('what is on record', () => {
  it('has every mutation with who, from where, on what, and how it went', async () => {
    await harness.graphql(RUN);
    const { started } = harness;
    expect(started).toHaveLength(1);
    await harness.graphql('mutation { cancelJob(jobId: "987654") { id } }');
    await harness.graphql('mutation { createToken(input: { name: "a b", scope: READ }) { secret } }');
    expect(await fresh()).toEqual([
      { ...OWN, action: 'startJob', subject: expect.stringMatching(/^job \d+$/) as unknown, result: 'OK' },
      { ...OWN, action: 'cancelJob', subject: 'job 987654', result: 'JOB_NOT_FOUND' },
      { ...OWN, action: 'createToken', subject: null, result: 'INVALID_INPUT' },
    ]);
  });

  it('has it before the mutation is answered', async () => {
    await harness[Symbol.asyncDispose]();
    let stored = (): void => undefined;
    const storing = new Promise<void>((resolve) => {
      stored = resolve;
    });
    let recorded = 0;
    const record = async (): Promise<void> => {
      recorded += 1;
      await storing;
    };
    harness = await Harness.start(store, { services: (real) => ({ ...real, audit: { record } }) });
    let isAnswered = false;
    const answer = harness.graphql(RUN).then(() => {
      isAnswered = true;
    });
    await until(() => recorded === 1);
    for (let turn = 0; turn < 5; turn++) await harness.graphql('{ viewer { name } }');
    expect(isAnswered).toBe(false);
    stored();
    await answer;
  });

  it('names the token that did it, or was refused, also at queries and subscriptions', async () => {
    const { name, secret } = await tokenOf('READ');
    await fresh();
    await ask(secret, RUN);
    await ask(secret, '{ tokens { name } }');
    const who = { who: `the token ${name}`, address: '127.0.0.1', token: { name }, count: 1 };
    await until(async () => (await entries({ token: name })).length === 2);
    expect(await fresh()).toEqual([
      { ...who, action: 'startJob', subject: null, result: 'FORBIDDEN' },
      { ...who, action: 'tokens', subject: null, result: 'FORBIDDEN' },
    ]);
  });

  it('has what is refused before anything runs: at the gate, and for its size', async () => {
    await ask('wrong', RUN);
    await fetch(`${harness.url}/events?job_id=1`);
    await harness.graphql(
      `{ ${Array.from({ length: 30 }, (_, n) => `a${String(n)}: __typename`).join(' ')} }`,
    );
    const unknown = { who: 'somebody unknown', address: '127.0.0.1', token: null, count: 1, subject: null };
    let found: readonly Omit<Entry, 'id'>[] = [];
    await until(async () => {
      found = [...found, ...(await fresh())];
      return found.length === 3;
    });
    expect(found).toEqual(
      expect.arrayContaining([
        { ...unknown, action: 'POST /graphql', result: 'UNAUTHENTICATED' },
        { ...unknown, action: 'GET /events', result: 'UNAUTHENTICATED' },
        { ...OWN, subject: null, action: 'GraphQL', result: 'LIMIT_EXCEEDED' },
      ]),
    );
  });

  it('has logins, tickets and logouts', async () => {
    const login = await harness.fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: TOKEN }),
    });
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const issued = await harness.fetch('/login/ticket', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { url } = (await issued.json()) as { url: string };
    await fetch(url, { redirect: 'manual' });
    const logout = await fetch(`${harness.url}/logout`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'lifeline-request': '1' },
      body: '{}',
    });
    expect(logout.status).toBe(204);
    const act = { ...OWN, subject: null, result: 'OK' };
    expect(await fresh()).toEqual([
      { ...act, action: 'login' },
      { ...act, action: 'issueTicket' },
      { ...act, who: 'a ticket', action: 'login' },
      { ...act, who: 'a browser session', action: 'logout' },
    ]);
  });

  it('has one line of the log for each entry', async () => {
    await harness.graphql(RUN);
    await ask('wrong', RUN);
    await until(() => harness.acts.length === 2);
    expect(harness.acts.map(({ action, result }) => [action, result])).toEqual([
      ['startJob', 'OK'],
      ['POST /graphql', 'UNAUTHENTICATED'],
    ]);
  });
});

describe('who may see it', () => {
  it('is the scope admin alone', async () => {
    const { secret } = await tokenOf('EXEC');
    const answer = (await (await ask(secret, AUDIT_LOG)).json()) as {
      errors: readonly { extensions: { code: string } }[];
    };
    expect(answer.errors[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('gets it in pages, newest first, and by what it asks for', async () => {
    const { name, secret } = await tokenOf('EXEC');
    for (let turn = 0; turn < 5; turn++) await ask(secret, RUN);
    const ids: number[] = [];
    let after: string | undefined;
    do {
      const { data } = await harness.graphql(AUDIT_LOG, { first: 2, after, where: { token: name } });
      const page = data?.['auditLog'] as {
        pageInfo: { endCursor: string; hasNextPage: boolean };
        edges: { node: Entry }[];
      };
      ids.push(...page.edges.map(({ node }) => Number(node.id)));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
    } while (after !== undefined);
    expect(ids).toHaveLength(5);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(await entries({ token: name, results: ['FORBIDDEN'] })).toEqual([]);
    expect(await entries({ token: name, actions: ['startJob'], since: '2000-01-01T00:00:00Z' })).toHaveLength(
      5,
    );
    expect(await entries({ token: name, until: '2000-01-01T00:00:00Z' })).toEqual([]);
  });
});

describe('whoever wants to forge it', () => {
  it('gets nothing that it wrote into an entry: no line end, escape, id or path', async () => {
    const evil = 'x\nINFO audit: the API token startJob OK \u001b[2K\u202e';
    await harness.graphql('mutation($id: ID!) { cancelJob(jobId: $id) { id } }', { id: evil });
    await harness.graphql('mutation($n: String!) { revokeToken(name: $n) { name } }', { n: evil });
    await ask('wrong', RUN);
    await fetch(`${harness.url}/forged%0aline?token=${encodeURIComponent(evil)}`);
    await until(() => harness.acts.length >= 4);
    await fresh();
    for (const { who, action, subject } of harness.acts) {
      expect([who, action, subject].join('')).toMatch(/^[\x20-\x7e]*$/);
      expect([who, action, subject].join('')).not.toContain('forged');
    }
    expect(JSON.stringify(await entries())).not.toContain('INFO');
  });

  it('fills neither table nor log: what is alike is counted after the first', async () => {
    await harness[Symbol.asyncDispose]();
    harness = await Harness.start(store, { tallyMs: 200 });
    await Promise.all(Array.from({ length: 200 }, () => fetch(`${harness.url}/events?job_id=1`)));
    let found: readonly Omit<Entry, 'id'>[] = [];
    const total = (): number => found.reduce((sum, { count }) => sum + count, 0);
    await until(async () => {
      found = [...found, ...(await fresh())];
      return total() === 200;
    });
    expect(found.length).toBeLessThan(20);
  });
});

describe('the tally of refusals', () => {
  const act = fc.record({
    actor: fc.record({
      title: fc.constantFrom('a', 'b', 'c'),
      tokenId: fc.constant(null),
      address: fc.integer({ min: 0, max: 900 }).map(String),
    }),
    action: fc.constantFrom('x', 'y'),
    subject: fc.constantFrom(null, 'job 1', 'job 2'),
    result: fc.constantFrom<AuditedAct['result'][]>('FORBIDDEN', 'UNAUTHENTICATED'),
  });

  it('tells each refusal once: by itself, or in a count', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 3_000, size: 'max' }), (acts) => {
        let told = 0;
        let entriesTold = 0;
        const tally = new RefusalTally(60_000, ({ count }) => {
          told += count;
          entriesTold += 1;
        });
        const first = acts.filter((one) => tally.isFirst(one)).length;
        tally[Symbol.dispose]();
        expect(first + told).toBe(acts.length);
        expect(first).toBeLessThanOrEqual(500);
        expect(entriesTold).toBeLessThanOrEqual(501);
      }),
      { numRuns: 30 },
    );
  });
});
