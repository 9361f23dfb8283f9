import { readdirSync, readFileSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downloadLog, findJob, startJob, untilOver, untilStatus } from '../end-to-end/harness/jobs.ts';
import { childrenOf } from '../end-to-end/harness/processes.ts';
import { orderService, saveService, stopAll } from '../end-to-end/harness/services.ts';
import { AttackedServer } from './attacked-server.ts';

/** Every spelling of a secret that somebody could read back. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // In base64 the letters depend on where a text begins: a part of it that is the same for each of the three places.
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, bytes.toString('hex'), bytes.toString('base64url').replaceAll('=', ''), ...shifted];
}

function expectClean(where: string, text: string, secrets: readonly string[]): void {
  for (const secret of secrets)
    for (const spelling of spellingsOf(secret))
      expect(text.includes(spelling), `a secret in ${where}`).toBe(false);
}

/** All files below a directory, as latin1. */
function filesBelow(directory: string): { path: string; text: string; mode: number }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path, text: readFileSync(path, 'latin1'), mode: statSync(path).mode & 0o777 };
    });
}

/** The command lines of the server and of all below it. */
function commandLines(pid: number): string[] {
  const own = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  return [own, ...childrenOf(pid).flatMap(commandLines)];
}

interface TypeRef {
  readonly kind: string;
  readonly name: string | null;
  readonly ofType: TypeRef | null;
}
interface Schema {
  readonly types: readonly {
    readonly kind: string;
    readonly name: string;
    readonly fields: readonly { readonly name: string; readonly type: TypeRef }[] | null;
  }[];
}

function named(type: TypeRef): TypeRef {
  return type.ofType === null ? type : named(type.ofType);
}

/** Of fields that cannot be asked without. */
const ARGUMENTS: Readonly<Record<string, string>> = { search: '(pattern: "c")' };

/** A selection of every field of a type, as deep as asked; what the schema gets later is in it by itself. */
function everyField(schema: Schema, typeName: string, depth: number): string {
  const fields = schema.types.find(({ name }) => name === typeName)?.fields ?? [];
  const selected = fields.flatMap(({ name, type }) => {
    const { kind, name: of } = named(type);
    if (kind === 'SCALAR' || kind === 'ENUM') return [name];
    return depth > 0 && kind === 'OBJECT'
      ? [`${name}${ARGUMENTS[name] ?? ''} ${everyField(schema, of ?? '', depth - 1)}`]
      : [];
  });
  return `{ ${['__typename', ...selected].join(' ')} }`;
}

describe.each([
  ['given in the environment', true],
  ['made by the server', false],
])('a token that was %s, another secret of the server’s environment, and a session', (_name, isGiven) => {
  const given = `canary-${randomBytes(16).toString('hex')}`;
  const other = `canary-${randomBytes(16).toString('hex')}`;
  let attacked: AttackedServer;
  let secrets: string[];
  let jobId: string;

  beforeAll(async () => {
    const env = { DATABASE_PASSWORD: other, ...(isGiven && { LIFELINE_TOKEN: given }) };
    attacked = await AttackedServer.start({ env });
    const { server } = attacked;
    const body = JSON.stringify({ token: server.token });
    const login = await server.call({
      method: 'POST',
      path: '/login',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const session = /=([\w-]{43});/.exec(login.headers['set-cookie']?.[0] ?? '')?.[1] ?? '';
    expect(session).toHaveLength(43);
    secrets = [server.token, other, session];
    // A job that shows all that it can see of itself.
    jobId = await startJob(server, {
      script: 'env; tr "\\0" "\\n" </proc/self/environ; exec sleep 60',
      labels: ['canary'],
    });
    await untilStatus(server, jobId, 'RUNNING');
    await saveService(server, { name: 'canary', script: 'env; exec sleep 60' });
    await orderService(server, 'startService', 'canary');
  });
  afterAll(async () => {
    const { server } = attacked;
    await stopAll(server);
    await server.ask('mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id } }', { id: jobId });
    await untilOver(server, jobId);
    await attacked.leave();
  });

  it('are in no field of the schema, asked for one and all', async () => {
    const { server } = attacked;
    const { __schema: schema } = await server.ask<{ __schema: Schema }>(getIntrospectionQuery());
    expectClean('the schema', JSON.stringify(schema), secrets);
    const fields = everyField(schema, 'Job', 2);
    for (const name of ['env', 'command', 'log', 'transitions', 'requestId']) expect(fields).toContain(name);
    for (const query of [
      `{ server ${everyField(schema, 'Server', 3)} }`,
      `{ jobs(first: 5) { edges { cursor node ${fields} } pageInfo { endCursor } } }`,
      `{ job(id: "${jobId}") ${fields} }`,
      `{ service(name: "canary") ${everyField(schema, 'Service', 1)} }`,
      `{ services ${everyField(schema, 'Service', 1)} }`,
      `{ viewer ${everyField(schema, 'Viewer', 1)} tokens ${everyField(schema, 'ApiToken', 1)} }`,
      `{ auditLog(first: 100) { edges { cursor node ${everyField(schema, 'AuditEntry', 1)} } } }`,
    ]) {
      const { data, errors } = await server.graphql(query);
      expect({ query, errors }).toEqual({ query, errors: [] });
      expectClean(query, JSON.stringify(data), secrets);
    }
    const roots = schema.types.find(({ name }) => name === 'Query')?.fields?.map(({ name }) => name);
    // Another one belongs into the list above.
    expect(roots?.sort()).toEqual([
      'auditLog',
      'job',
      'jobs',
      'server',
      'service',
      'services',
      'tokens',
      'viewer',
    ]);
  });

  it('are in no refusal, page or download', async () => {
    for (const target of [
      '/',
      '/graphql',
      '/login',
      '/healthz',
      '/readyz',
      '/nothing',
      `/jobs/${jobId}/log?stream=stderr`,
      '/jobs/x/log',
      '/events',
      '/login/ticket?ticket=x',
      '/%',
    ]) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
        for (const headers of [
          attacked.headers(),
          attacked.headersWith({ Authorization: 'Bearer wrong' }),
          attacked.headersWith({ Accept: 'text/html', Host: 'evil.example' }),
        ]) {
          const { received } = await attacked.sendRequest({
            method,
            target,
            headers,
            body: '{"query":"{ x }"}'.padEnd(attacked.payload.length),
          });
          expectClean(`${method} ${target}`, received, secrets);
        }
      }
    }
    expectClean('a log', (await downloadLog(attacked.server, jobId, 'stdout')).toString('latin1'), secrets);
    expectClean('a job', JSON.stringify(await findJob(attacked.server, jobId)), secrets);
  });

  it('are in no command line, of the server or of what it started, and in no environment of a job', () => {
    const { server } = attacked;
    const lines = commandLines(server.pid);
    expect(lines.length).toBeGreaterThan(1);
    expectClean('a command line', lines.join('\n'), secrets);
    for (const { pid } of server.jobProcesses())
      expectClean('an environment', readFileSync(`/proc/${String(pid)}/environ`, 'latin1'), secrets);
  });

  it('are in nothing that the server wrote: its log, its database, the directories of jobs', () => {
    const { server } = attacked;
    expect(server.stderr.length).toBeGreaterThan(0);
    expectClean('the server’s log', server.stderr, secrets);
    const tokenFile = join(server.dataDirectory, 'token');
    const files = filesBelow(server.scratch.path);
    expect(files.map(({ path }) => path).some((path) => /\.(?:db|sqlite)/.test(path))).toBe(true);
    for (const { path, text, mode } of files) {
      if (path === tokenFile) expect([text.trim(), mode]).toEqual([server.token, 0o600]);
      else expectClean(path, text, secrets);
    }
    // One copy, where the server made the token itself; none where it was given.
    expect(files.filter(({ path }) => path === tokenFile)).toHaveLength(isGiven ? 0 : 1);
  });

  it('are not given away by a crash either: a server that ended says nothing of them', async () => {
    const { server } = attacked;
    await server.restart('SIGKILL');
    expectClean('the server’s log', server.stderr, secrets);
    for (const { path, text } of filesBelow(server.dataDirectory))
      if (path !== join(server.dataDirectory, 'token')) expectClean(path, text, secrets);
    expect((await findJob(server, jobId)).status).toBe('RUNNING');
  });
});
