import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LifelineCommand } from '../cli/lifeline-command.ts';
import {
  findJob,
  JOB_LOGS,
  nodeProgram,
  startJob,
  tryStartJob,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { findService, orderService, saveService, stopAll, trySaveService } from './harness/services.ts';
import { SseStream } from './harness/sse-stream.ts';
import { untilTrue } from './harness/until-true.ts';

/** Longer than a prompt waits. */
const PAUSE_MS = 1_600;

function newToken(): string {
  return `canary-${randomBytes(16).toString('hex')}`;
}

function newPem(): string {
  const lines = Array.from({ length: 3 }, () => randomBytes(24).toString('base64').replaceAll(/[+/]/g, 'q'));
  return ['-----BEGIN CANARY-----', ...lines, '-----END CANARY-----'].join('\n');
}

/** Nothing of a secret that is longer than chance may be in what anybody was told. */
function expectUntold(where: string, told: string, secret: string): void {
  const words = secret.split('\n').map((line) => line.replace(/^(canary-|-----.*-----)/, ''));
  for (const word of words)
    for (let at = 0; at + 8 <= word.length; at++)
      expect(told.includes(word.slice(at, at + 8)), `a part of a secret in ${where}`).toBe(false);
}

/** The files of a data directory that have a text in them, but for the streams of jobs. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(directory, name);
    if (!statSync(path).isFile() || /^jobs\/\d+\/std(out|err)$/.test(name)) return false;
    return readFileSync(path).includes(text);
  });
}

let server: LifelineServer;
afterEach(async () => {
  await server.assertNothingIsLeft();
  await server[Symbol.asyncDispose]();
});

const keyPath = (): string => join(server.dataDirectory, 'secret.key');

/** A script that writes down what it got, where only the test looks. */
const tells = (file: string): string => `printf %s "$TOKEN" >'${file}'; echo "got $TOKEN"`;

describe('a secret of a job', () => {
  it('reaches the program, and nobody else: not an answer, not a file but the log itself, not a command line', async () => {
    server = await LifelineServer.start();
    const token = newToken();
    const file = server.scratch.file('got');
    const env = [
      { name: 'OPEN', value: 'open value' },
      { name: 'TOKEN', value: token, secret: true },
    ];
    const input = {
      requestId: 'one',
      script: `${tells(file)}; until [ -e '${file}.go' ]; do sleep 0.05; done`,
      env,
    };
    const id = await startJob(server, input);
    await untilTrue(
      () => readdirSync(server.scratch.path).includes('got') && readFileSync(file, 'utf8') === token,
      {
        what: 'the program to have its secret',
      },
    );
    const commands = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return '';
        }
      });
    expect(commands.some((command) => command.includes(token))).toBe(false);
    expect(filesWith(server.dataDirectory, token)).toEqual([]);
    writeFileSync(`${file}.go`, '');
    await untilOver(server, id);
    const query =
      '{ jobs { edges { node { hasSecrets env { name value secret } log { lines { nodes { text } } } } } } auditLog { edges { node { __typename } } } }';
    const answer = await server.graphql<unknown>(query);
    expect(JSON.stringify(answer)).toContain('"value":"open value","secret":false');
    expect(JSON.stringify(answer)).toContain('{"name":"TOKEN","value":null,"secret":true}');
    expect(JSON.stringify(answer)).toContain(`got ${'*'.repeat(token.length)}`);
    expectUntold('an answer', JSON.stringify(answer), token);
    expectUntold('the log of the server', server.stderr, token);
    expect(filesWith(server.dataDirectory, token)).toEqual([]);
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600);
  });

  it('is the same for a repeat of the request and another for another one, also after a restart, and is kept by what runs it again', async () => {
    server = await LifelineServer.start();
    const token = newToken();
    const file = server.scratch.file('got');
    const input = (value: string) => ({
      requestId: 'one',
      script: tells(file),
      env: [{ name: 'TOKEN', value, secret: true }],
    });
    const id = await startJob(server, input(token));
    await untilOver(server, id);
    await server.restart('SIGKILL');
    expect(await startJob(server, input(token))).toBe(id);
    const { errors } = await tryStartJob(server, input(newToken()));
    expect(errors[0]?.extensions?.code).toBe('CONFLICT');
    rmSync(file);
    const rerun =
      'mutation ($id: ID!, $changes: RerunJobInput) { rerunJob(jobId: $id, changes: $changes) { id } }';
    const again = async (changes: unknown): Promise<string> =>
      (await server.ask<{ rerunJob: { id: string } }>(rerun, { id, changes })).rerunJob.id;
    await untilOver(server, await again(null));
    expect(readFileSync(file, 'utf8')).toBe(token);
    rmSync(file);
    await untilOver(server, await again({ env: [{ name: 'TOKEN', secret: true }] }));
    expect(readFileSync(file, 'utf8')).toBe(token);
    expect(filesWith(server.dataDirectory, token)).toEqual([]);
  });

  it('is refused at the call where it could not be kept from a log', async () => {
    server = await LifelineServer.start();
    for (const [value, why] of [
      ['abc', 'shorter than 4 bytes'],
      ['     ', 'blank'],
      ['x'.repeat(32 * 1024 + 1), 'longer than 32768 bytes'],
      ['qqqq\0qqqq', 'NUL'],
      [null, 'no value'],
    ]) {
      const { errors } = await tryStartJob(server, {
        command: ['true'],
        env: [{ name: 'TOKEN', value, secret: true }],
      });
      expect(errors[0]?.extensions?.code).toBe('INVALID_INPUT');
      expect(errors[0]?.message).toContain(why);
      if (value != null) expect(JSON.stringify(errors)).not.toContain(value);
    }
  });
});

describe('the key of the secrets', () => {
  const secretJob = (token: string) => ({
    script: 'echo "got $TOKEN"',
    env: [{ name: 'TOKEN', value: token, secret: true }],
  });
  const READ = 'query ($id: ID!) { job(id: $id) { log { lines { nodes { text } } } } }';

  it.each([
    ['missing', () => renameSync(keyPath(), `${keyPath()}.away`), 'their key is missing'],
    [
      'another one',
      () => writeFileSync(keyPath(), `${randomBytes(32).toString('base64url')}\n`),
      'encrypted with the key',
    ],
    ['open to others', () => chmodSync(keyPath(), 0o644), 'could be read by others'],
  ])(
    'that is %s is told in a sentence, nothing is shown unmasked, and what has no secrets goes on',
    async (_what, harm, why) => {
      server = await LifelineServer.start();
      const token = newToken();
      const id = await startJob(server, secretJob(token));
      const waiting = await startJob(server, {
        ...secretJob(token),
        script: `echo "before $TOKEN"; until [ -e '${server.scratch.file('go')}' ]; do sleep 0.05; done; echo "after $TOKEN"`,
      });
      await untilOver(server, id);
      await untilStatus(server, waiting, 'RUNNING');
      await server.end('SIGKILL');
      const text = readFileSync(keyPath(), 'utf8');
      harm();
      await server.launch();
      const { errors, ...answer } = await server.graphql(READ, { id });
      expect(errors[0]?.extensions?.code).toBe('SECRETS_UNAVAILABLE');
      expect(errors[0]?.message).toContain(why);
      expectUntold('an answer', JSON.stringify([errors, answer]), token);
      for (const path of [
        `/jobs/${id}/log`,
        `/jobs/${id}/log?stream=stdout`,
        `/events?job_id=${id}`,
        `/jobs/${id}/log?format=jsonl`,
      ])
        expectUntold(path, (await server.call({ path })).text, token);
      using following = await server.subscribe(JOB_LOGS, { jobId: waiting });
      const other = await startJob(server, { command: ['echo', 'open'] });
      expect((await untilOver(server, other)).status).toBe('SUCCEEDED');
      const rerun = 'mutation ($id: ID!) { rerunJob(jobId: $id) { id } }';
      const { rerunJob } = await server.ask<{ rerunJob: { id: string } }>(rerun, { id });
      expect(await untilOver(server, rerunJob.id)).toMatchObject({
        status: 'FAILED',
        reason: 'LAUNCH_FAILED',
        message: expect.stringContaining(why) as string,
      });
      writeFileSync(server.scratch.file('go'), '');
      expect((await untilOver(server, waiting)).status).toBe('SUCCEEDED');
      await following.untilEnded();
      expectUntold('a stream', JSON.stringify(following.events), token);
      // Put back, everything is there.
      await server.end('SIGTERM');
      writeFileSync(keyPath(), text);
      chmodSync(keyPath(), 0o600);
      await server.launch();
      const stars = '*'.repeat(token.length);
      expect(JSON.stringify(await server.ask(READ, { id: waiting }))).toContain(`after ${stars}`);
    },
  );

  it('can be given in the environment, and opens what the key of the file has sealed, too', async () => {
    const key = randomBytes(32).toString('base64');
    server = await LifelineServer.start({ env: { LIFELINE_SECRET_KEY: key } });
    const token = newToken();
    const id = await startJob(server, secretJob(token));
    await untilOver(server, id);
    expect(readdirSync(server.dataDirectory)).not.toContain('secret.key');
    await server.restart();
    expect(JSON.stringify(await server.ask(READ, { id }))).toContain(`got ${'*'.repeat(token.length)}`);
    expect(filesWith(server.dataDirectory, key)).toEqual([]);
  });
});

describe('a secret of a service', () => {
  it('is kept by a save without a value, new where another is given, and each job is masked by what it ran with', async () => {
    server = await LifelineServer.start();
    const [first, second] = [newToken(), newToken()];
    const file = server.scratch.file('got');
    const save = (value: string | null, description: string) => ({
      name: 'keeper',
      description,
      script: `${tells(file)}; exec sleep 100`,
      env: [{ name: 'TOKEN', value, secret: true }],
    });
    const untilGot = (token: string) =>
      untilTrue(
        () => readdirSync(server.scratch.path).includes('got') && readFileSync(file, 'utf8') === token,
        {
          what: 'the service to have its secret',
        },
      );
    expect((await trySaveService(server, save(null, 'none'))).errors[0]?.extensions?.code).toBe(
      'INVALID_INPUT',
    );
    expect((await saveService(server, save(first, 'a'))).version).toBe(1);
    expect((await saveService(server, save(first, 'a'))).version).toBe(1);
    expect((await saveService(server, save(null, 'b'))).version).toBe(2);
    await orderService(server, 'startService', 'keeper');
    await untilGot(first);
    const old = (await findService(server, 'keeper')).currentJob?.id ?? '';
    expect((await saveService(server, save(second, 'b'))).version).toBe(3);
    await server.restart('SIGKILL');
    await orderService(server, 'restartService', 'keeper');
    await untilGot(second);
    const everything = await server.ask(
      `{ services { name definition { env { name value secret } } versions { definition { env { name value secret } } } }
         jobs { edges { node { env { name value secret } log { lines { nodes { text } } } } } } auditLog { edges { node { __typename } } } }`,
    );
    const merged = (await server.call({ path: `/jobs/${old}/log` })).text;
    expect(merged).toBe(`got ${'*'.repeat(first.length)}\n`);
    for (const token of [first, second]) {
      expectUntold('an answer', JSON.stringify(everything), token);
      expectUntold('the log of the server', server.stderr, token);
      expect(filesWith(server.dataDirectory, token)).toEqual([]);
    }
    await stopAll(server);
  });
});

describe('secrets that a program prints', () => {
  it('are in no door’s answer, however they are cut', { timeout: 400_000 }, async () => {
    server = await LifelineServer.start();
    const [token, pem] = [newToken(), newPem()];
    const told: [string, string][] = [];
    const id = await startJob(server, {
      command: nodeProgram('prints-secrets.mjs'),
      env: [
        { name: 'TOKEN', value: token, secret: true },
        { name: 'PEM', value: pem, secret: true },
        { name: 'PAUSE_MS', value: String(PAUSE_MS) },
      ],
    });
    const body = JSON.stringify({ query: JOB_LOGS, variables: { jobId: id } });
    const streams = [
      await server.subscribe(JOB_LOGS, { jobId: id }),
      await server.subscribe(JOB_LOGS, { jobId: id, streams: ['STDERR'] }),
      await SseStream.open(server.port, {
        method: 'POST',
        path: '/graphql/stream',
        headers: { ...server.authorization, 'content-type': 'application/json', accept: 'text/event-stream' },
        body,
      }),
      await server.events(`/events?job_id=${id}`),
    ];
    using command = new LifelineCommand(['logs', '--follow', id], {
      cwd: server.scratch.path,
      env: { HOME: server.scratch.path, LIFELINE_URL: server.url, LIFELINE_TOKEN: server.token },
    });
    const look = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
      told.push([`${path} ${headers['range'] ?? ''}`, (await server.call({ path, headers })).text]);
    };
    const paths = ['', '?format=jsonl', '?stream=stdout', '?stream=stderr'].map(
      (query) => `/jobs/${id}/log${query}`,
    );
    // While it is in the middle of each, and after.
    for (let isOver = false; !isOver;) {
      for (const path of paths) await look(path);
      await look(`/jobs/${id}/log?stream=stdout`, { range: 'bytes=-20' });
      const tail = await server.subscribe(JOB_LOGS, { jobId: id, tail: 1 });
      await untilTrue(() => tail.events.length > 0, { what: 'the last line' });
      told.push(['tail', JSON.stringify(tail.events)]);
      tail[Symbol.dispose]();
      isOver = (await findJob(server, id)).finishedAt !== null;
    }
    for (const stream of streams) {
      await stream.untilEnded();
      told.push(['a stream', JSON.stringify(stream.events)]);
      stream[Symbol.dispose]();
    }
    const { stdout, stderr } = await command.end();
    told.push(['the command', stdout + stderr]);
    for (const path of paths) await look(path);
    for (const stream of ['stdout', 'stderr']) {
      const raw = readFileSync(join(server.dataDirectory, 'jobs', id, stream));
      expect(raw.includes(token) && raw.includes(pem)).toBe(true);
      for (const secret of [token, pem])
        for (let at = raw.indexOf(secret); at !== -1; at = raw.indexOf(secret, at + 1))
          for (const [start, end] of [
            [at + 1, at + secret.length],
            [at + 9, at + secret.length + 5],
            [Math.max(0, at - 5), at + 12],
          ])
            await look(`/jobs/${id}/log?stream=${stream}`, {
              range: `bytes=${String(start)}-${String(end)}`,
            });
      const shown = (await server.call({ path: `/jobs/${id}/log?stream=${stream}` })).body;
      expect(shown.length).toBe(raw.length);
      expect(shown.filter((byte) => byte === 10).length).toBe(raw.filter((byte) => byte === 10).length);
      const stars = '*'.repeat(token.length);
      expect(shown.includes(`nested: ${stars}${token.slice(0, 10)}${stars} end`)).toBe(true);
    }
    const PAGE = `query ($id: ID!, $after: SafeInt, $before: SafeInt, $first: Int, $last: Int) {
      job(id: $id) { log { lines(after: $after, before: $before, first: $first, last: $last) {
        nodes { text } pageInfo { startSeq endSeq } } } } }`;
    interface Page {
      job: { log: { lines: { pageInfo: { startSeq: number | null; endSeq: number | null } } } };
    }
    for (let after: number | null = 0; after !== null;) {
      const page: Page = await server.ask<Page>(PAGE, { id, after, first: 97 });
      told.push(['a page', JSON.stringify(page)]);
      after = page.job.log.lines.pageInfo.endSeq;
    }
    for (let before: number | null = 1_000_000; before !== null;) {
      const page: Page = await server.ask<Page>(PAGE, { id, before, last: 211 });
      told.push(['a page', JSON.stringify(page)]);
      before = page.job.log.lines.pageInfo.startSeq;
    }
    expect(told.length).toBeGreaterThan(100);
    for (const [where, text] of told) for (const secret of [token, pem]) expectUntold(where, text, secret);
    const [whole] = told.filter(([where]) => where === 'the command');
    expect(whole?.[1]).toContain('over');
    expect(filesWith(server.dataDirectory, token)).toEqual([]);
  });
});
