import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AttackedServer } from './attacked-server.ts';
import type { RawAnswer } from './raw-request.ts';

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

interface Errors {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** Refused: errors with codes that are no fault of the server, and no data. */
function expectRefused(answer: RawAnswer, what = ''): void {
  const { data, errors = [] } = JSON.parse(answer.body) as Errors;
  expect([what, answer.status]).toEqual([what, expect.toSatisfy((status: number) => status < 500)]);
  expect(data ?? null, what).toBeNull();
  expect(errors.length, `${what} ${answer.body}`).toBeGreaterThan(0);
  for (const { extensions } of errors) {
    expect(extensions?.code, `${what} ${answer.body}`).toMatch(
      /^(?:INVALID_INPUT|LIMIT_EXCEEDED|UNAUTHENTICATED|JOB_NOT_FOUND|BAD_REQUEST|OPERATION_RESOLUTION_FAILURE|GRAPHQL_\w+)$/,
    );
  }
}

async function ask(query: string, rest: Readonly<Record<string, unknown>> = {}): Promise<RawAnswer> {
  return attacked.post(JSON.stringify({ query, ...rest }));
}

const INTROSPECTION = '{ __schema { types { name fields { name } } } }';

describe('what the schema is learns only who has a credential (Strawberry CVE-2026-35523, -35526):', () => {
  it.each([
    ['introspection', INTROSPECTION],
    ['one type', '{ __type(name: "Mutation") { fields { name } } }'],
    ['a suggestion', '{ serv { version } }'],
    ['the name of the root', '{ __typename }'],
  ])('%s', async (_name, query) => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const answer = await attacked.post(JSON.stringify({ query }), { Authorization: null, Accept: accept });
      expect(answer.status).toBe(401);
      expectRefused(answer);
      expect(answer.body).not.toMatch(/Mutation|startJob|Did you mean|server \{/);
    }
  });
});

describe('much from little is refused before it runs:', () => {
  const many = (count: number, text: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => text(n)).join(' ');
  it.each([
    ['aliases of a field', () => `{ ${many(200, (n) => `a${String(n)}: server { version }`)} }`],
    [
      'aliases of a mutation',
      () => `mutation { ${many(3, (n) => `a${String(n)}: ${attacked.startField}`)} }`,
    ],
    ['mutations beside each other', () => `mutation { ${attacked.startField} cancelJob(jobId: 1) { id } }`],
    [
      'mutations in a fragment',
      () => `mutation { ...f } fragment f on Mutation { ${attacked.startField} deleteJob(jobId: 1) }`,
    ],
    [
      'a mutation in a fragment and one beside it',
      () => `mutation { ...f deleteJob(jobId: 1) } fragment f on Mutation { ${attacked.startField} }`,
    ],
    [
      'mutations in nested fragments',
      () =>
        `mutation { ...f } fragment f on Mutation { ...g ... on Mutation { a: ${attacked.startField} } } fragment g on Mutation { b: ${attacked.startField} }`,
    ],
    [
      'mutations, one of them skipped',
      () =>
        `mutation { a: ${attacked.startField.replace(') {', ') @skip(if: true) {')} b: ${attacked.startField} }`,
    ],
    [
      'mutations, included by a variable',
      () =>
        `mutation ($x: Boolean = true) { a: ${attacked.startField.replace(') {', ') @include(if: $x) {')} b: ${attacked.startField} }`,
    ],
    ['a deep query', () => `{ job(id: 1) { ${'rerunOf { '.repeat(50)} id ${'} '.repeat(50)} } }`],
    [
      'depth by fragments',
      () =>
        `{ job(id: 1) { ...f0 } } ${many(20, (n) => `fragment f${String(n)} on Job { rerunOf { ${n === 19 ? 'id' : `...f${String(n + 1)}`} } }`)}`,
    ],
    [
      'depth by introspection',
      () => `{ __schema { types { ${'fields { type { '.repeat(10)} name ${'} } '.repeat(10)} } } }`,
    ],
    [
      'a circle of fragments',
      () =>
        '{ job(id: 1) { ...a } } fragment a on Job { rerunOf { ...b } } fragment b on Job { rerunOf { ...a } }',
    ],
    ['a fragment of itself', () => '{ ...a } fragment a on Query { ...a }'],
    [
      'fragments that double (billion laughs)',
      () =>
        `{ ...f0 } ${many(30, (n) => `fragment f${String(n)} on Query { ${n === 29 ? 'server { version }' : `a: __typename ...f${String(n + 1)} ...f${String(n + 1)}`} }`)} fragment x on Query { ${'server { version } '.repeat(600)} }`,
    ],
    ['directives on one field', () => `{ server { version ${'@include(if: true) '.repeat(500)} } }`],
    ['directives that nobody knows', () => `{ server { version ${'@x '.repeat(300)} } }`],
    ['the same field many times', () => `{ server { ${'version '.repeat(20_000)} } }`],
    [
      'pages within pages',
      () => '{ jobs(first: 500) { edges { node { log { lines(first: 1000) { nodes { text } } } } } } }',
    ],
    [
      'pages within pages by variables',
      () =>
        'query ($n: Int = 500, $m: Int = 1000) { jobs(first: $n) { edges { node { log { lines(first: $m) { nodes { text } } } } } } }',
    ],
    [
      'a deep list as a value',
      () => `{ jobs(where: ${'['.repeat(900)}${']'.repeat(900)}) { edges { cursor } } }`,
    ],
    ['a text of 200 kB in the document', () => `{ job(id: "${'1'.repeat(200_000)}") { id } x }`],
    ['deeply nested braces', () => `{ ${'a { '.repeat(5_000)}`],
    ['many operations', () => many(400, (n) => `query q${String(n)} { server { version } }`)],
    ['many variables', () => `query (${many(400, (n) => `$v${String(n)}: Int`)}) { server { version } }`],
  ])('%s', async (_name, query) => {
    expectRefused(await ask(query()));
  });

  it('by a subscription, on both doors, the limits are the same (Mercurius CVE-2026-30241)', async () => {
    const deep = `subscription { jobChanged(jobId: 1) { ${'rerunOf { '.repeat(50)} id ${'} '.repeat(50)} } }`;
    const wide = `subscription { jobChanged(jobId: 1) { ${Array.from({ length: 100 }, (_, n) => `a${String(n)}: id`).join(' ')} } }`;
    for (const query of [deep, wide]) {
      for (const target of ['/graphql', '/graphql/stream']) {
        const body = JSON.stringify({ query });
        const headers = attacked.headersWith({ Accept: 'text/event-stream' }, body);
        const { received } = await attacked.sendRequest({ target, headers, body });
        expect([target, received]).toEqual([target, expect.stringContaining('LIMIT_EXCEEDED')]);
        expect(received).not.toContain('"data":{');
      }
    }
  });
});

describe('a request of another form than GraphQL over HTTP is refused:', () => {
  const query = '{ server { version } }';
  it.each([
    ['a batch', () => JSON.stringify([{ query: attacked.mutation }, { query: attacked.mutation }])],
    ['a batch of one', () => JSON.stringify([{ query: attacked.mutation }])],
    [
      'a persisted query',
      () => JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
    ],
    ['a query by id', () => JSON.stringify({ id: '1', documentId: '1', variables: {} })],
    ['a query that is a list', () => JSON.stringify({ query: [attacked.mutation] })],
    ['a query that is an object', () => JSON.stringify({ query: { toString: attacked.mutation } })],
    ['variables that are a list', () => JSON.stringify({ query, variables: ['x'] })],
    ['variables that are a text', () => JSON.stringify({ query, variables: '{"x":1}' })],
    ['extensions that are a text', () => JSON.stringify({ query, extensions: 'x' })],
    ['an operation name that is a list', () => JSON.stringify({ query, operationName: ['x'] })],
    ['a member that nobody knows', () => JSON.stringify({ query, doc_id: '1' })],
    ['an uploaded map', () => JSON.stringify({ query, operations: '{}', map: '{"0":["variables.file"]}' })],
    ['a query under another case', () => JSON.stringify({ Query: attacked.mutation })],
    ['a query of the prototype', () => `{"__proto__":{"query":${JSON.stringify(attacked.mutation)}}}`],
    [
      'a query of the constructor',
      () => `{"constructor":{"prototype":{"query":${JSON.stringify(attacked.mutation)}}}}`,
    ],
    ['JSON with a comment', () => `/**/{"query":${JSON.stringify(attacked.mutation)}}`],
    ['JSON in single quotes', () => `{'query':'{ server { version } }'}`],
    ['JSON with a comma too many', () => `{"query":"{ server { version } }",}`],
    ['two texts of JSON', () => `{"query":"{ server { version } }"}{"query":"{ server { version } }"}`],
    ['a newline in a text', () => `{"query":"{ server\n{ version } }"}`],
    ['NaN', () => `{"query":"{ server { version } }","variables":{"x":NaN}}`],
    ['10,000 brackets', () => '['.repeat(10_000)],
    ['100,000 brackets, closed', () => '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects 40,000 deep', () => `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
    ['a NUL behind it', () => `{"query":"{ server { version } }"}\0`],
    ['a byte order mark of UTF-16', () => '\u{fffe}{"query":"{ server { version } }"}'],
    ['nothing', () => ''],
  ])('%s', async (_name, body) => {
    const answer = await attacked.post(body());
    expect(answer.status).toBe(400);
    expectRefused(answer);
  });

  it.each([
    ['an invalid byte', '"\xff"'],
    ['an overlong slash', '"\xc0\xaf"'],
    ['half a character', '"\xe2\x82"'],
    ['an encoded surrogate', '"\xed\xa0\x80"'],
  ])('a body that is not UTF-8: %s', async (_name, bytes) => {
    const body = `{"query":"{ server { version } }","operationName":${bytes}}`;
    expectRefused(await attacked.sendRequest({ headers: attacked.headersWith({}, body), body }));
  });

  it('by __proto__ and constructor in variables nothing is polluted', async () => {
    const body = `{"query":"query ($id: ID!) { job(id: $id) { id } }","variables":{"__proto__":{"id":"1","isAdmin":true},"constructor":{"prototype":{"id":"1"}}}}`;
    expectRefused(await attacked.post(body));
    expectRefused(await ask('query ($id: ID!) { job(id: $id) { id } }'));
    expectRefused(
      await ask('query ($id: ID!) { job(id: $id) { id } }', { variables: { id: { __proto__: 1 } } }),
    );
  });

  it('of a doubled key the last one counts, for the checks as for what runs', async () => {
    const harmless = JSON.stringify('{ server { version } }');
    const harmful = JSON.stringify(`mutation { a: ${attacked.startField} b: ${attacked.startField} }`);
    expectRefused(await attacked.post(`{"query":${harmless},"query":${harmful}}`));
    const { body } = await attacked.post(`{"query":${harmful},"query":${harmless}}`);
    expect(Object.keys(JSON.parse(body) as object)).toEqual(['data']);
  });
});

describe('which operation runs cannot be disguised:', () => {
  it.each([
    ['none named among two', () => ({ query: `query a { server { version } } ${named('b')}` })],
    ['one that is not there', () => ({ query: named('b'), operationName: 'a' })],
    ['an inherited name', () => ({ query: named('b'), operationName: '__proto__' })],
    ['a name with a space', () => ({ query: named('b'), operationName: 'b ' })],
    [
      'two of one name',
      () => ({ query: `query a { server { version } } ${named('a')}`, operationName: 'a' }),
    ],
    [
      'a mutation beside an anonymous query',
      () => ({ query: `{ server { version } } ${named('b')}`, operationName: 'b' }),
    ],
    [
      'two mutations behind a harmless name',
      () => ({
        query: `query a { server { version } } mutation b { x: ${attacked.startField} y: ${attacked.startField} }`,
        operationName: 'a',
      }),
    ],
    ['a mutation as a field of a query', () => ({ query: `{ ${attacked.startField} }` })],
    ['a mutation as a subscription', () => ({ query: `subscription { ${attacked.startField} }` })],
    [
      'a mutation by a fragment on a query',
      () => ({ query: `{ ...f } fragment f on Mutation { ${attacked.startField} }` }),
    ],
    ['a document of fragments', () => ({ query: `fragment f on Mutation { ${attacked.startField} }` })],
    ['a definition of a type', () => ({ query: `type Query { x: Int } ${attacked.mutation}` })],
    ['an unused variable', () => ({ query: `mutation ($x: Int) { ${attacked.startField} }` })],
    ['a deferred fragment', () => ({ query: `mutation { ... @defer { ${attacked.startField} } }` })],
    [
      'a subscription with two fields',
      () => ({ query: 'subscription { jobLogs(jobId: 1) { __typename } jobChanged(jobId: 1) { id } }' }),
    ],
    ['a subscription that introspects', () => ({ query: 'subscription { __typename }' })],
  ])('%s', async (_name, request) => {
    expectRefused(await attacked.post(JSON.stringify(request())));
  });

  function named(name: string): string {
    return `mutation ${name} { ${attacked.startField} }`;
  }

  it('a subscription is no answer in JSON, and a mutation runs in no event stream of a wrong request', async () => {
    const subscription = '{"query":"subscription { jobLogs(jobId: 1) { __typename } }"}';
    const { status } = await attacked.post(subscription, { Accept: 'application/json' });
    expect([400, 405, 406]).toContain(status);
  });
});

describe('a value of another type is refused, and not bent until it fits:', () => {
  const start = 'mutation ($input: StartJobInput!) { startJob(input: $input) { id } }';
  const input = (changes: object) => ({ variables: { input: { script: 'true', ...changes } } });
  it.each([
    ['a number for a text', start, () => input({ script: 5 })],
    ['a list for a text', start, () => input({ script: [`touch ${attacked.witness}`] })],
    ['an object for a text', start, () => input({ script: { $ne: null } })],
    ['a list in a list', start, () => ({ variables: { input: { command: [['touch', attacked.witness]] } } })],
    ['null in a list', start, () => ({ variables: { input: { command: ['touch', null] } } })],
    ['a list of inputs', start, () => ({ variables: { input: [{ script: 'true' }, { script: 'true' }] } })],
    ['a field that nobody knows', start, () => input({ runAs: 'root' })],
    [
      'a field of the prototype',
      start,
      () => ({ variables: { input: JSON.parse('{"script":"true","__proto__":1}') as unknown } }),
    ],
    ['an infinite number', start, () => input({ timeoutMs: 1e308 })],
    ['a number beyond 32 bits', start, () => input({ timeoutMs: 2 ** 31 })],
    ['a negative time', start, () => input({ timeoutMs: -1 })],
    ['a fraction', start, () => input({ timeoutMs: 0.5 })],
    ['a number as a text', start, () => input({ timeoutMs: '1000' })],
    ['a truth for a number', start, () => input({ timeoutMs: true })],
    ['a word that is no value of its enumeration', start, () => input({ onEnd: '__proto__' })],
    ['both command and script', start, () => input({ command: ['true'] })],
    ['a list for an id', 'query ($id: ID!) { job(id: $id) { id } }', () => ({ variables: { id: ['1'] } })],
    [
      'an object for an id',
      'query ($id: ID!) { job(id: $id) { id } }',
      () => ({ variables: { id: { gt: 0 } } }),
    ],
    [
      'a negative page',
      'query ($n: Int) { jobs(first: $n) { edges { cursor } } }',
      () => ({ variables: { n: -1 } }),
    ],
    [
      'a page of 2^31',
      'query ($n: Int) { jobs(first: $n) { edges { cursor } } }',
      () => ({ variables: { n: 2 ** 31 } }),
    ],
    ['both ends of a page', '{ jobs(first: 1, last: 1) { edges { cursor } } }', () => ({})],
    ['a forged cursor', '{ jobs(after: "1 OR 1=1") { edges { cursor } } }', () => ({})],
    ['a date that is none', '{ jobs(where: { queuedAfter: "now()" }) { edges { cursor } } }', () => ({})],
    ['a date as a number', '{ jobs(where: { queuedAfter: 0 }) { edges { cursor } } }', () => ({})],
    [
      'a seq beyond what JSON carries',
      '{ job(id: 1) { log { lines(after: 99999999999999999999) { nodes { seq } } } } }',
      () => ({}),
    ],
    ['a signal that is none', 'mutation { signalJob(jobId: 1, signal: SIGSEGV) { id } }', () => ({})],
  ])('%s', async (_name, query, rest) => {
    const answer = await ask(query, rest());
    const { data, errors = [] } = JSON.parse(answer.body) as Errors;
    expect(errors.length, answer.body).toBeGreaterThan(0);
    expect(errors[0]?.extensions?.code, answer.body).toMatch(
      /^(?:INVALID_INPUT|LIMIT_EXCEEDED|GRAPHQL_VALIDATION_FAILED)$/,
    );
    expect(JSON.stringify(data ?? null)).toMatch(/^(?:null|\{"job":null\}|\{"job":\{"log":null\}\})$/);
  });

  it.each([
    ['%', 0],
    ['_', 0],
    ["' OR 1=1 --", 0],
    ['"; DROP TABLE "Job"; --', 0],
    ['\\', 0],
    ['\0', 0],
    ['*', 0],
    ['echo warm', 1],
  ])('a search for %j finds what has that text, and is no pattern and no SQL', async (text, count) => {
    const query = 'query ($t: String) { jobs(where: { commandContains: $t }) { edges { node { id } } } }';
    const { body } = await ask(query, { variables: { t: text } });
    const answer = JSON.parse(body) as { data: { jobs: { edges: unknown[] } } | null; errors?: unknown[] };
    if (answer.errors === undefined) expect(answer.data?.jobs.edges).toHaveLength(count);
    else expect(body).toContain('INVALID_INPUT');
  });
});

describe('an error tells what to do and nothing else:', () => {
  it.each([
    ['a syntax error', '{ server {', {}],
    ['an unknown field', '{ server { secret } }', {}],
    ['an unknown job', 'mutation { cancelJob(jobId: 999999) { id } }', {}],
    ['an id that is a path', 'mutation ($id: ID!) { deleteJob(jobId: $id) }', { id: '../../../../etc' }],
    ['a program that is not there', 'mutation { startJob(input: { command: ["/nowhere/x"] }) { id } }', {}],
    [
      'a directory that is not there',
      'mutation { startJob(input: { script: "true", cwd: "/nowhere" }) { id } }',
      {},
    ],
    ['a relative directory', 'mutation { startJob(input: { script: "true", cwd: "../.." }) { id } }', {}],
    [
      'a directory with a NUL',
      'mutation { startJob(input: { script: "true", cwd: "/tmp\\u0000/x" }) { id } }',
      {},
    ],
    ['markup', '{ <script>alert(1)</script> }', {}],
  ])('%s', async (_name, query, variables) => {
    const answer = await ask(query, { variables });
    const { errors = [] } = JSON.parse(answer.body) as Errors;
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions?.code).toMatch(/^[A-Z_]+$/);
    expect(errors[0]?.extensions?.code).not.toBe('INTERNAL');
    expect(answer.body).not.toMatch(/stack|originalError|Prisma|SQLITE|sqlite/);
    expect(answer.head).toContain('x-content-type-options: nosniff');
    expect(answer.head).toContain('content-type: application/json');
  });
});
