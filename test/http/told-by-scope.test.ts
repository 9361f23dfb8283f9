import { getIntrospectionQuery } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holds, type Scope, SCOPES } from '../../src/domain/scope.ts';
import { Harness, TestStore } from './harness.ts';
import { ROOT_FIELDS } from './root-fields.ts';

let store: TestStore;
let harness: Harness;
let tokens: Readonly<Record<Scope, string>>;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});
beforeEach(async () => {
  harness = await Harness.start(store);
  const made = SCOPES.map(async (scope) => {
    const name = `${scope}-${String(harness.port)}`;
    const { secret } = await harness.tokens.create({ name, scope, expiresAt: null, createdBy: 'the test' });
    return [scope, secret];
  });
  tokens = Object.fromEntries(await Promise.all(made)) as Record<Scope, string>;
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}
type Ask = (scope: Scope, query: string, variables?: object) => Promise<Answer>;

function send(scope: Scope, method: string, path: string, headers: object, body?: object): Promise<Response> {
  return harness.fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${tokens[scope]}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** The first result on a stream; the rest is not waited for. */
async function firstResult(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  for (let text = ''; ;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: true });
    const [, data] = /^event: next\n(?:id: .*\n)?data: (.+)\n/m.exec(text) ?? [];
    if (data === undefined && !done) continue;
    await reader.cancel();
    return data ?? text;
  }
}

const EVENTS = { accept: 'text/event-stream' };
const WAYS: readonly (readonly [string, Ask])[] = [
  [
    'POST /graphql',
    async (scope, query, variables) =>
      (await send(scope, 'POST', '/graphql', {}, { query, variables })).json() as Promise<Answer>,
  ],
  [
    'POST /graphql from a browser, as GraphiQL does',
    async (scope, query, variables) => {
      const login = await send(scope, 'POST', '/login', {}, { token: tokens[scope] });
      const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
      const answer = await fetch(`${harness.url}/graphql`, {
        method: 'POST',
        headers: { cookie, 'lifeline-request': '1', 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return answer.json() as Promise<Answer>;
    },
  ],
  [
    'POST /graphql as events',
    async (scope, query, variables) =>
      JSON.parse(
        await firstResult(await send(scope, 'POST', '/graphql', EVENTS, { query, variables })),
      ) as Answer,
  ],
  [
    '/graphql/stream, a connection for each',
    async (scope, query, variables) =>
      JSON.parse(
        await firstResult(await send(scope, 'POST', '/graphql/stream', EVENTS, { query, variables })),
      ) as Answer,
  ],
  [
    '/graphql/stream, one connection',
    async (scope, query, variables) => {
      const stream = await (await send(scope, 'PUT', '/graphql/stream', {})).text();
      const named = { 'x-graphql-event-stream-token': stream };
      const body = { query, variables, extensions: { operationId: '1' } };
      expect((await send(scope, 'POST', '/graphql/stream', named, body)).status).toBe(202);
      const events = await send(scope, 'GET', '/graphql/stream', { ...named, ...EVENTS });
      return (JSON.parse(await firstResult(events)) as { payload: Answer }).payload;
    },
  ],
];

interface Seen {
  readonly mutationType: { readonly name: string } | null;
  readonly types: readonly { readonly name: string; readonly fields: readonly { readonly name: string }[] }[];
}

describe.each(WAYS)('%s', (_way, ask) => {
  it.each(SCOPES)('shows a %s token the root fields that it may use, and no type beside', async (scope) => {
    // Another scope asks first, and between: what it is told is kept for nobody else.
    await ask('admin', getIntrospectionQuery());
    const { data, errors } = await ask(scope, getIntrospectionQuery());
    await ask('read', getIntrospectionQuery());
    expect(errors).toBeUndefined();
    const { types, mutationType } = (data as { __schema: Seen }).__schema;
    const roots = types.filter(({ name }) => ['Query', 'Mutation', 'Subscription'].includes(name));
    const expected = Object.entries(ROOT_FIELDS).filter(([, { needs, shownTo = needs }]) =>
      holds(scope, shownTo),
    );
    expect(roots.flatMap(({ fields }) => fields.map(({ name }) => name)).sort()).toEqual(
      expected.map(([name]) => name).sort(),
    );
    expect(mutationType === null).toBe(scope === 'read');
    const names = types.map(({ name }) => name);
    expect(names.includes('ApiToken')).toBe(scope === 'admin');
    expect(names.includes('CreateTokenInput')).toBe(scope === 'admin');
    expect(names.includes('StartJobInput')).toBe(holds(scope, 'run'));
    expect(names.includes('SaveServiceInput')).toBe(holds(scope, 'exec'));
    expect(names).toContain('Job');
  });

  it('asks nobody’s type by its name alone', async () => {
    const type = '{ __type(name: "CreatedToken") { name fields { name } } }';
    expect(await ask('exec', type)).toEqual({ data: { __type: null } });
    expect((await ask('admin', type)).data).toMatchObject({ __type: { name: 'CreatedToken' } });
  });

  it('says which scope is missing of what exists, and names nothing else of it', async () => {
    await ask('read', getIntrospectionQuery());
    const { errors } = await ask('run', ROOT_FIELDS['createToken']!.request);
    expect(errors).toMatchObject([
      {
        message: 'createToken needs a token with the scope admin; this one has run.',
        extensions: { code: 'FORBIDDEN' },
      },
    ]);
    for (const [query, told] of [
      ['{ tokes { name } }', 'Did you mean "tokens"'],
      ['mutation { createToken { secret } }', 'CreateTokenInput'],
      ['mutation { createToken(input: {name: "x", scop: READ}) { secret } }', 'CreateTokenInput'],
      ['mutation { createToken(input: {name: "x", scope: READ}) }', 'CreatedToken'],
      ['mutation { revokeToken(name: "x") { nam } }', 'ApiToken'],
      ['{ server { version } ... on CreatedTokn { secret } }', 'Did you mean'],
    ] as const) {
      // First the one that may know: its answer is kept for nobody else.
      const ofAdmin = await ask('admin', query);
      expect(JSON.stringify(ofAdmin.errors)).toContain(told.replaceAll('"', '\\"'));
      const { data, errors } = await ask('run', query);
      expect(data ?? null).toBeNull();
      expect(errors!.map(({ extensions }) => extensions.code)).toContain('GRAPHQL_VALIDATION_FAILED');
      expect(JSON.stringify(errors)).not.toMatch(/CreateTokenInput|CreatedToken\b|ApiToken|\\"tokens/);
    }
  });

  it('suggests what there is to who may use it', async () => {
    expect(JSON.stringify((await ask('read', '{ serve { version } }')).errors)).toContain('Did you mean');
    const query = 'query ($where: JobFilter) { jobs(where: $where) { edges { cursor } } }';
    const { errors } = await ask('read', query, { where: { labelz: [] } });
    expect(JSON.stringify(errors)).toContain('Did you mean');
  });

  it.each([
    ['mutation { startJobb }', {}, 'startJob'],
    ['mutation { createToken(input: {}) { secret } }', {}, 'scope'],
    ['mutation { signalJob(jobId: 1, signal: TERMI) { id } }', {}, 'TERM'],
    ['mutation ($of: StartJobInput!) { startJob(input: $of) { id } }', { of: { comand: [] } }, 'command'],
    ['mutation ($of: CreateTokenInput!) { createToken(input: $of) { secret } }', { of: {} }, 'name'],
  ])('says nothing of %s with %o to who may not use it', async (query, variables, told) => {
    expect(JSON.stringify((await ask('admin', query, variables)).errors)).toContain(told);
    const { errors, data } = await ask('read', query, variables);
    expect(data ?? null).toBeNull();
    expect(errors!.map(({ message, extensions: { code } }) => ({ message, code }))).toEqual([
      { message: 'This asks for more than a token with the scope read may use.', code: 'FORBIDDEN' },
    ]);
    expect(harness.started).toEqual([]);
  });

  it('answers a query that asks for its schema and for data with both', async () => {
    const { data } = await ask('read', '{ server { version } __schema { mutationType { name } } }');
    expect(data).toEqual({ server: { version: '1.2.3' }, __schema: { mutationType: null } });
  });
});
