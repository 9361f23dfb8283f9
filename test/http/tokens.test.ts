import { join } from 'node:path';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- somebody else who has the database open
import SqliteDatabase from 'better-sqlite3';
import fc from 'fast-check';
import { type GraphQLObjectType, isInterfaceType, isIntrospectionType, isObjectType } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holds, type Scope, SCOPES } from '../../src/domain/scope.ts';
import { schema } from '../../src/graphql/schema.ts';
import { ApiTokens } from '../../src/http/api-tokens.ts';
import { Harness, TestStore, TOKEN, until } from './harness.ts';
import { ROOT_FIELDS } from './root-fields.ts';

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

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; extensions: { code: string } }[];
}

async function ask(token: string, query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(`${harness.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const CREATE =
  'mutation($input: CreateTokenInput!) { createToken(input: $input) { secret token { name scope createdBy } } }';
let count = 0;
function newName(): string {
  count += 1;
  return `token-${String(count)}`;
}

async function create(scope: Scope, name = newName(), expiresAt?: Date): Promise<string> {
  const input = { name, scope: scope.toUpperCase(), expiresAt: expiresAt?.toISOString() };
  const { data } = await ask(TOKEN, CREATE, { input });
  return (data as { createToken: { secret: string } }).createToken.secret;
}

/** A second connection to the database, as a backup tool has one. */
function openDatabase(): SqliteDatabase.Database & Disposable {
  const database = new SqliteDatabase(join(store.directory.path, 'lifeline.db'));
  return Object.assign(database, {
    [Symbol.dispose]: () => {
      database.close();
    },
  });
}

async function statusOf(token: string, path = '/readyz'): Promise<number> {
  return (await fetch(`${harness.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
}

/**
 * A check for each field of each line would cost more than the line. They are reached through fields that have a scope:
 * `jobLogs`, and `lines` of a job's log.
 */
const PAYLOADS_WITHOUT_SCOPE = ['LogDone', 'LogGap', 'LogHeartbeat', 'LogLine', 'LogLines'];

/** What `authScopes` was given for a field, or for all fields of a type. */
function scopeAt({ extensions }: Pick<GraphQLObjectType, 'extensions'>): unknown {
  const { authScopes } = (extensions['pothosOptions'] ?? {}) as { readonly authScopes?: unknown };
  return authScopes;
}

describe('scopes', () => {
  it('are declared for every root field, and no field is forgotten here', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((type) => Object.values(type?.getFields() ?? {}));
    expect(fields.map(({ name }) => name).sort()).toEqual(Object.keys(ROOT_FIELDS).sort());
    for (const field of fields) expect(scopeAt(field), `${field.name} has no scope`).toBeDefined();
  });

  it('are declared for every field of every type, but those of a log’s lines', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const without = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) || isInterfaceType(type))
      .filter((type) => !isIntrospectionType(type) && !roots.some((root) => root === type))
      .filter(
        (type) =>
          scopeAt(type) === undefined && Object.values(type.getFields()).some((field) => !scopeAt(field)),
      );
    expect(without.map(({ name }) => name).sort()).toEqual(PAYLOADS_WITHOUT_SCOPE);
  });

  it.each(SCOPES)(
    'of a %s token let it do what they say, and nothing more, at every root field',
    async (scope) => {
      const token = await create(scope);
      for (const [field, { needs, request: query }] of Object.entries(ROOT_FIELDS)) {
        const started = harness.started.length;
        const response = await fetch(`${harness.url}/graphql`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            accept: query.startsWith('subscription') ? 'text/event-stream' : 'application/json',
          },
          body: JSON.stringify({ query }),
        });
        const reader = response.body!.getReader();
        const { value } = await reader.read();
        await reader.cancel();
        const isRefused = new TextDecoder().decode(value).includes('"FORBIDDEN"');
        expect([field, isRefused]).toEqual([field, !holds(scope, needs)]);
        if (!holds(scope, 'exec')) expect(harness.started.length).toBe(started);
      }
    },
  );

  it('let a run token repeat a job unchanged, and change nothing of it', async () => {
    const token = await create('run');
    const changed = await ask(token, 'mutation { rerunJob(jobId: 1, changes: {cwd: "/"}) { id } }');
    expect(changed.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(changed.errors?.[0]?.message).toBe(
      'rerunJob needs a token with the scope exec; this one has run.',
    );
  });

  it('are held in order, whichever two are compared', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCOPES), fc.constantFrom(...SCOPES), (held, needed) => {
        expect(holds(held, needed)).toBe(SCOPES.indexOf(held) >= SCOPES.indexOf(needed));
      }),
    );
  });
});

describe('a token', () => {
  it('is shown once, kept as a digest, and says who made it', async () => {
    const name = newName();
    const { data } = await ask(TOKEN, CREATE, { input: { name, scope: 'RUN' } });
    const { secret, token } = (data as { createToken: { secret: string; token: object } }).createToken;
    expect(token).toEqual({ name, scope: 'RUN', createdBy: 'the API token, from 127.0.0.1' });
    expect(secret).toMatch(/^lifeline_[\w-]{43}$/);
    const rows = await store.database.read.apiToken.findMany();
    expect(JSON.stringify(rows)).not.toContain(secret.slice(12));
    const { data: seen } = await ask(secret, '{ viewer { name scope } }');
    expect(seen).toEqual({ viewer: { name: `the token ${name}, from 127.0.0.1`, scope: 'RUN' } });
    await until(
      async () => (await store.database.read.apiToken.findUnique({ where: { name } }))?.lastUsedAt != null,
    );
  });

  it('of a name that was given before, or that could forge a line, is refused', async () => {
    const name = newName();
    await create('read', name);
    const again = await ask(TOKEN, CREATE, { input: { name, scope: 'READ' } });
    expect(again.errors?.[0]?.extensions.code).toBe('CONFLICT');
    for (const wrong of ['', 'a b', 'a\nb', '\u001b[2J', 'x'.repeat(65)]) {
      const { errors } = await ask(TOKEN, CREATE, { input: { name: wrong, scope: 'READ' } });
      expect(errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    }
  });

  it('that is revoked is refused at once, and what it receives is cut within a second, on every door', async () => {
    const name = newName();
    const token = await create('read', name);
    const job = await harness.runningJob();
    const headers = { authorization: `Bearer ${token}` };
    const query = `subscription { jobLogs(jobId: ${String(job.id)}) { __typename } }`;
    const streams = [
      await fetch(`${harness.url}/graphql`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query }),
      }),
      await fetch(`${harness.url}/events?job_id=${String(job.id)}`, { headers }),
    ];
    await until(() => harness.subscribers === 2);
    const ends = streams.map((stream) =>
      stream.text().then(
        () => 'completed',
        () => 'cut',
      ),
    );
    const { data } = await ask(TOKEN, 'mutation($name: String!) { revokeToken(name: $name) { name } }', {
      name,
    });
    expect(data).toEqual({ revokeToken: { name } });
    expect(await statusOf(token)).toBe(401);
    await until(() => harness.subscribers === 0, 1_000);
    expect(await Promise.all(ends)).toEqual(['cut', 'cut']);
  });

  it('that is revoked is refused at once also where the database is locked, and where it takes no more', async () => {
    using database = openDatabase();
    const [locked, full] = [newName(), newName()];
    const secrets = [await create('read', locked), await create('read', full)];
    const revoke = (name: string) => ask(TOKEN, `mutation { revokeToken(name: "${name}") { revokedAt } }`);

    database.exec('BEGIN IMMEDIATE');
    const revoked = revoke(locked);
    await until(async () => (await statusOf(secrets[0]!)) === 401);
    database.exec('COMMIT');
    expect((await revoked).errors).toBeUndefined();

    database.exec(
      "CREATE TRIGGER full BEFORE UPDATE ON ApiToken BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    const { errors } = await revoke(full);
    database.exec('DROP TRIGGER full');
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
    expect(errors![0]!.message).toContain('revoke it once more');
    expect(await statusOf(secrets[1]!)).toBe(401);
    expect((await revoke(full)).data).toMatchObject({
      revokeToken: { revokedAt: expect.any(String) as string },
    });
  });

  it('that expires ends by itself, open streams and browsers with it', async () => {
    const token = await create('read', newName(), new Date(Date.now() + 1_500));
    const login = await fetch(`${harness.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    const [cookie = ''] = login.headers.getSetCookie();
    const bySession = { cookie: cookie.split(';')[0]! };
    expect((await fetch(`${harness.url}/readyz`, { headers: bySession })).status).toBe(200);
    const job = await harness.runningJob();
    const stream = await fetch(`${harness.url}/events?job_id=${String(job.id)}`, { headers: bySession });
    await expect(stream.text()).rejects.toThrow();
    expect(await statusOf(token)).toBe(401);
    expect((await fetch(`${harness.url}/readyz`, { headers: bySession })).status).toBe(401);
  });

  it('gives its sessions and tickets no more than it may itself', async () => {
    const token = await create('read');
    const ticket = await fetch(`${harness.url}/login/ticket`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const { url } = (await ticket.json()) as { url: string };
    const entered = await fetch(url, { redirect: 'manual' });
    const [cookie = ''] = entered.headers.getSetCookie();
    const answer = await fetch(`${harness.url}/graphql`, {
      method: 'POST',
      headers: { cookie: cookie.split(';')[0]!, 'lifeline-request': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ query: ROOT_FIELDS['startJob']!.request }),
    });
    expect(await answer.text()).toContain('"FORBIDDEN"');
    expect(harness.started).toEqual([]);
  });

  it('is found again after a restart, unless it was revoked or has expired', async () => {
    const [kept, revoked] = [newName(), newName()];
    const secrets = [await create('run', kept), await create('run', revoked)];
    await ask(TOKEN, 'mutation($name: String!) { revokeToken(name: $name) { name } }', { name: revoked });
    using again = await ApiTokens.open(store.tokens);
    expect(secrets.map((secret) => again.find(secret)?.name)).toEqual([kept, undefined]);
  });

  it('is no text that is a little different', async () => {
    const token = await create('read');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: token.length - 1 }), fc.string({ maxLength: 2 }), (at, text) => {
        fc.pre(text !== token[at]);
        const different = token.slice(0, at) + text + token.slice(at + 1);
        expect(harness.tokens.find(different)).toBeUndefined();
      }),
    );
  });
});
