import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { downloadLog, nodeProgram, startJob, tryStartJob, untilOver } from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { AttackedServer } from './attacked-server.ts';

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

/** Runs it to its end; what it makes is meant to be there. @returns its id */
async function run(input: Readonly<Record<string, unknown>>): Promise<string> {
  const jobId = await startJob(attacked.server, input);
  expect((await untilOver(attacked.server, jobId)).status).toBe('SUCCEEDED');
  await attacked.allowJobs();
  return jobId;
}

const FORGED = '"}\n{"level":30,"time":1,"msg":"a forged line"}\n';
const ESCAPES = '\u001b]0;title\u0007\u001b[2J\u001b]52;c;ZXZpbA==\u0007\u202e\u2066\r';

describe('what a job is made of reaches its program as it is, and nobody else:', () => {
  it.each([
    [
      'what a shell would run (CWE-78)',
      [
        `$(touch WITNESS)`,
        '`touch WITNESS`',
        '; touch WITNESS',
        '| touch WITNESS',
        '&& touch WITNESS',
        '\ntouch WITNESS\n',
        '> WITNESS',
      ],
    ],
    ['what ends a quote', ["'; touch WITNESS; '", '"; touch WITNESS; "', "\\'; touch WITNESS #"]],
    ['what is an option', ['--', '-c', 'touch WITNESS', '--eval', '-e', '--version', '-']],
    [
      'what is a file of arguments (Jenkins CVE-2024-23897)',
      ['@/etc/passwd', '@WITNESS', '<(touch WITNESS)'],
    ],
    [
      'what is a template',
      ['${HOME}', '{{7*7}}', '#{7*7}', '%s%n', '${jndi:ldap://evil.example/x}', '%PATH%'],
    ],
    ['what is a pattern', ['*', '?', '~', '{a,b}', '[a-z]', '!!']],
    ['what controls a terminal', [ESCAPES]],
    ['what forges a log', [FORGED]],
  ])('%s, in the arguments', async (_name, args) => {
    const given = args.map((text) => text.replaceAll('WITNESS', attacked.witness));
    const jobId = await run({ command: nodeProgram('what-it-got.mjs', ...given), labels: [given[0]] });
    const got = JSON.parse((await downloadLog(attacked.server, jobId, 'stdout')).toString()) as {
      argv: string[];
    };
    expect(got.argv.slice(2).map((text) => Buffer.from(text, 'latin1').toString())).toEqual(given);
  });

  it('a label, a requestId and a variable are no lines of the server’s log and nothing that is run', async () => {
    const text = `${FORGED.slice(0, 60)}$(touch ${attacked.witness})`.slice(0, 200);
    const jobId = await run({
      script: 'true',
      labels: [text, ESCAPES, '--', '../../x', '__proto__'],
      requestId: text,
      env: [
        { name: 'X', value: FORGED },
        { name: '__proto__', value: '1' },
        { name: 'constructor', value: '1' },
      ],
    });
    for (const line of attacked.server.stderr.split('\n').filter((line) => line !== '')) {
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'a forged line' });
    }
    const { job } = await attacked.server.ask<{ job: { labels: string[]; requestId: string } }>(
      'query ($id: ID!) { job(id: $id) { labels requestId } }',
      { id: jobId },
    );
    expect(job).toEqual({ labels: [text, ESCAPES, '--', '../../x', '__proto__'], requestId: text });
  });
});

describe('what no process can be given is refused, and there is no job:', () => {
  it.each([
    ['a NUL in the program', { command: ['/bin/true\0/x'] }],
    ['a NUL in an argument', { command: ['true', 'a\0b'] }],
    ['a NUL in a script', { script: 'true\0; touch x' }],
    ['a NUL in a directory', { script: 'true', cwd: '/tmp\0/x' }],
    ['a NUL in a variable', { script: 'true', env: [{ name: 'X', value: 'a\0b' }] }],
    ['a NUL in a label', { script: 'true', labels: ['a\0b'] }],
    ['a NUL in a requestId', { script: 'true', requestId: 'a\0b' }],
    ['half a character in a label', { script: 'true', labels: ['\ud800'] }],
    ['half a character in a requestId', { script: 'true', requestId: '\udfff' }],
    ['half a character in an argument', { command: ['true', '\ud800'] }],
    ['an equals sign in a name', { script: 'true', env: [{ name: 'X=Y', value: '1' }] }],
    [
      'a function of a shell as a name (Shellshock, CVE-2014-6271)',
      { script: 'true', env: [{ name: 'BASH_FUNC_x%%', value: '() { :; }; touch x' }] },
    ],
    ['a newline in a name', { script: 'true', env: [{ name: 'X\nY', value: '1' }] }],
    ['an empty name', { script: 'true', env: [{ name: '', value: '1' }] }],
    ['a name in another script', { script: 'true', env: [{ name: 'РАТН', value: '1' }] }],
    [
      'the variable that marks a job’s processes',
      { script: 'true', env: [{ name: 'LIFELINE_COOKIE', value: '1' }] },
    ],
    ['a name that its shell computes', { script: 'true', env: [{ name: 'PPID', value: '1' }] }],
    ['a directory as program', { command: ['/tmp'] }],
    ['a device as directory', { script: 'true', cwd: '/dev/null' }],
    ['a relative directory', { script: 'true', cwd: '../../etc' }],
    ['an empty program', { command: ['', 'x'] }],
    ['no program', { command: [] }],
    ['an argument of 140 kB', { command: ['true', 'x'.repeat(140_000)] }],
    ['a thousand labels', { script: 'true', labels: Array.from({ length: 1_000 }, (_, n) => String(n)) }],
    ['a label of 10 kB', { script: 'true', labels: ['x'.repeat(10_000)] }],
    ['a requestId of 10 kB', { script: 'true', requestId: 'x'.repeat(10_000) }],
    ['a time beyond all years', { script: 'true', timeoutMs: 2_147_483_648 }],
  ])('%s', async (_name, input) => {
    const { data, errors } = await tryStartJob(attacked.server, input);
    expect(data ?? null).toBeNull();
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual([
      expect.stringMatching(/^(?:INVALID_INPUT|COMMAND_NOT_FOUND)$/),
    ]);
    attacked.expectNothingTold(JSON.stringify(errors));
  });
});

describe('a log attacks nobody who reads it (CWE-79, CWE-150):', () => {
  it.each([
    ['a page', '<!doctype html><script>fetch("/graphql")</script>'],
    ['a picture with a script', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['a script', 'alert(document.domain)//'],
    ['a style sheet', '@import "https://evil.example";'],
    ['a PDF', '%PDF-1.7 (x)'],
    ['escapes of a terminal', ESCAPES],
    ['headers of an answer', 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n<script>'],
    ['events of a stream', 'x\n\nevent: log.done\ndata: {"forged":true}\n\n'],
    ['a mark of another encoding', '\ufeff+ADw-script+AD4-'],
  ])('%s', async (_name, text) => {
    const jobId = await run({ command: ['cat'], stdin: text });
    for (const query of ['?stream=stdout', '', '?format=jsonl']) {
      const { status, head } = await attacked.get(`/jobs/${jobId}/log${query}`, { Accept: 'text/html' });
      expect(status).toBe(200);
      expect(head).toMatch(/^content-type: (?:text\/plain|application\/(?:jsonl|x-ndjson)); charset=utf-8$/m);
      expect(head).toMatch(/^content-disposition: attachment; filename="job-\d+[\w.]+"$/m);
      expect(head).toContain('x-content-type-options: nosniff');
      expect(head).toContain("content-security-policy: default-src 'none'; frame-ancestors 'none'");
      expect(head).not.toContain('set-cookie');
    }
    expect((await downloadLog(attacked.server, jobId, 'stdout')).toString()).toBe(text);
    using stream = await attacked.server.events(`/events?job_id=${jobId}&after=0`);
    await stream.untilEnded();
    expect(stream.events.filter(({ event }) => event === 'log.done')).toHaveLength(1);
    expect(stream.events.map(({ data }) => data).join('')).not.toContain('{"forged":true}');
  });
});

describe('what changes how a program is loaded, found or bounded needs a token that may start any command:', () => {
  let runToken = '';
  let jobId = '';
  beforeAll(async () => {
    const made = await attacked.server.ask<{ createToken: { secret: string } }>(
      'mutation { createToken(input: { name: "runner", scope: RUN }) { secret } }',
    );
    runToken = made.createToken.secret;
    jobId = await run({ command: ['env'] });
  });

  it.each([
    ['LD_PRELOAD', { env: [{ name: 'LD_PRELOAD', value: '/tmp/evil.so' }] }],
    ['LD_LIBRARY_PATH', { env: [{ name: 'LD_LIBRARY_PATH', value: '/tmp' }] }],
    ['LD_AUDIT', { env: [{ name: 'LD_AUDIT', value: '/tmp/evil.so' }] }],
    ['NODE_OPTIONS', { env: [{ name: 'NODE_OPTIONS', value: '--require /tmp/evil.js' }] }],
    ['BASH_ENV', { env: [{ name: 'BASH_ENV', value: '/tmp/evil.sh' }] }],
    ['PYTHONPATH', { env: [{ name: 'PYTHONPATH', value: '/tmp' }] }],
    ['PATH', { env: [{ name: 'PATH', value: '/tmp' }] }],
    ['HOME', { env: [{ name: 'HOME', value: '/tmp' }] }],
    ['a variable that means nothing', { env: [{ name: 'X', value: '1' }] }],
    ['no variables at all', { env: [] }],
    ['a working directory', { cwd: '/tmp' }],
    ['a time limit', { timeoutMs: 1 }],
    ['a grace period', { gracePeriodMs: 0 }],
    ['what its processes are left to', { onEnd: 'WAIT' }],
    ['standard input', { stdin: 'x' }],
    ['another command', { command: ['true'] }],
    ['nothing, said in so many words', {}],
  ])('%s', async (_name, changes) => {
    const rerun =
      'mutation ($id: ID!, $changes: RerunJobInput) { rerunJob(jobId: $id, changes: $changes) { id } }';
    const start = 'mutation ($input: StartJobInput!) { startJob(input: $input) { id } }';
    for (const [query, variables] of [
      [rerun, { id: jobId, changes }],
      [start, { input: { command: ['true'], ...changes } }],
    ] as const) {
      const { body } = await attacked.post(JSON.stringify({ query, variables }), {
        Authorization: `Bearer ${runToken}`,
      });
      expect(JSON.parse(body)).toMatchObject({
        errors: [
          { message: expect.stringContaining('scope exec') as string, extensions: { code: 'FORBIDDEN' } },
        ],
      });
    }
  });

  it('and who has one gets it as it is given', async () => {
    const env = [
      { name: 'NODE_OPTIONS', value: '--no-warnings' },
      { name: 'LD_LIBRARY_PATH', value: '/nowhere' },
      { name: 'PATH', value: '/usr/bin:/bin' },
    ];
    const changed = await run({ command: ['env'], env });
    const lines = (await downloadLog(attacked.server, changed, 'stdout')).toString().split('\n');
    expect(lines).toEqual(expect.arrayContaining(env.map(({ name, value }) => `${name}=${value}`)));
  });
});

it('the variables by which the server itself was loaded are passed on to no job, and to nothing that stands around one', async () => {
  const library = /\/\S*\/lib(?:c|m)[.-]\S*so\S*/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? '';
  const own = {
    LD_PRELOAD: library,
    LD_LIBRARY_PATH: '/nowhere',
    NODE_OPTIONS: '--no-warnings',
    BASH_ENV: '/nowhere',
  };
  await using server = await LifelineServer.start({ env: own });
  const jobId = await startJob(server, {
    script: `tr '\\0' '\\n' </proc/self/environ; echo; tr '\\0' '\\n' </proc/$PPID/environ`,
  });
  expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
  const names = (await downloadLog(server, jobId, 'stdout'))
    .toString()
    .split('\n')
    .map((line) => line.split('=', 1)[0]);
  expect(names).toContain('LIFELINE_COOKIE');
  for (const name of Object.keys(own)) expect(names).not.toContain(name);
  await server.assertNothingIsLeft();
});
