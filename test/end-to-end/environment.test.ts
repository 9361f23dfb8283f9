import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { downloadLog, nodeProgram, startJob, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';

const CANARY = 'canary-4b1d';
let server: LifelineServer;
beforeAll(async () => {
  server = await LifelineServer.start({
    env: {
      LIFELINE_TOKEN: `${CANARY}-secret-token`,
      AWS_SECRET_ACCESS_KEY: CANARY,
      LANG: 'en_US.UTF-8',
      TERM: 'xterm',
    },
  });
});
afterEach(async () => {
  await server.assertNothingIsLeft();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Got {
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  readonly cwd: string;
}

/** Starts a program that tells what the kernel gave it, as text. */
async function whatItGot(args: readonly string[], input: Record<string, unknown> = {}): Promise<Got> {
  const jobId = await startJob(server, { command: nodeProgram('what-it-got.mjs', ...args), ...input });
  expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
  const got = JSON.parse((await downloadLog(server, jobId, 'stdout')).toString()) as Got;
  const decoded = (texts: readonly string[]) =>
    texts.map((text) => Buffer.from(text, 'latin1').toString('utf8'));
  return { ...got, argv: decoded(got.argv), environ: decoded(got.environ) };
}

function withoutCookie(environ: readonly string[]): string[] {
  const cookies = environ.filter((entry) => /^LIFELINE_COOKIE=[0-9a-f]{32}$/.test(entry));
  expect(cookies).toHaveLength(1);
  return environ.filter((entry) => entry !== cookies[0]).sort();
}

function defaults(): string[] {
  return [`PATH=${server.environment()['PATH']!}`, `HOME=${server.scratch.path}`, 'LANG=en_US.UTF-8'];
}

describe('what a program gets', () => {
  it('are its arguments as they were written', async () => {
    const args = [
      '$(id)',
      '`id`',
      '; rm -rf /',
      '"double"',
      "it's",
      '-rf',
      '--',
      '-',
      '@/etc/passwd',
      '*',
      '~',
      '${HOME}',
      '%s',
      '\\',
      '',
      ' ',
      'a\nb',
      'é😀',
      '\u0001\u007f',
      '!!',
    ];
    expect((await whatItGot(args)).argv.slice(2)).toEqual(args);
  });

  it('is the environment PATH, HOME, LANG and the cookie, and nothing of the server’s', async () => {
    const { environ } = await whatItGot([]);
    expect(withoutCookie(environ)).toEqual(defaults().sort());
    expect(JSON.stringify(environ)).not.toContain(CANARY);
  });

  it('is the environment of the request, byte for byte, over the defaults', async () => {
    const env = [
      { name: 'EMPTY', value: '' },
      { name: 'QUOTES', value: `'"\`$(id)\\` },
      { name: 'LINES', value: 'one\ntwo\n' },
      { name: 'UNICODE', value: 'é😀\u00a0' },
      { name: 'CONTROLS', value: '\u0001\u001b[31m\u007f\r' },
      { name: '_lower_1', value: ' spaces ' },
      { name: 'IFS', value: '/' },
      { name: 'PWD', value: '/not/here' },
      { name: 'OLDPWD', value: '/nor/there' },
      { name: 'ENV', value: '/etc/passwd' },
      { name: 'BASH_ENV', value: '/etc/passwd' },
      { name: 'LC_ALL', value: 'xx_YY.UTF-8' },
      { name: 'PS4', value: '+' },
      { name: 'LANG', value: 'C' },
    ];
    const { environ } = await whatItGot([], { env });
    const expected = [
      ...defaults().filter((entry) => !entry.startsWith('LANG=')),
      ...env.map(({ name, value }) => `${name}=${value}`),
    ];
    expect(withoutCookie(environ)).toEqual(expected.sort());
  });

  it('is the working directory of the request, or the home of the server’s user', async () => {
    expect((await whatItGot([])).cwd).toBe(server.scratch.path);
    expect((await whatItGot([], { cwd: '/usr/../usr/bin/.' })).cwd).toBe('/usr/bin');
  });

  it('is kept out of the server’s log and of the command lines that others can see', async () => {
    const secret = 'secret-93ab';
    const jobId = await startJob(server, {
      script: 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n"',
      env: [{ name: 'SECRET', value: secret }],
    });
    await untilOver(server, jobId);
    expect((await downloadLog(server, jobId, 'stdout')).toString()).not.toContain(secret);
    expect(server.stderr).not.toContain(secret);
    expect(server.stderr).not.toContain(CANARY);
  });
});
