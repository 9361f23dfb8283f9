import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { lifeline, startCommand } from './lifeline-command.ts';

interface Job {
  readonly id: string;
  readonly status: string;
}

describe('the commands for jobs', () => {
  let server: LifelineServer;

  beforeAll(async () => {
    server = await LifelineServer.start({ args: ['--max-running', '1'] });
  });
  afterEach(async () => {
    await server.assertNothingIsLeft();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await lifeline(server, [...args, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as T;
  }

  async function detached(...args: readonly string[]): Promise<string> {
    return (await json<Job>('run', '--detach', ...args.slice(0, -1), '--script', args.at(-1)!)).id;
  }

  async function untilStatus(id: string, status: string): Promise<void> {
    await untilTrue(async () => (await json<Job>('show', id)).status === status);
  }

  it('ps lists what runs and waits, with --all what has ended, too', async () => {
    const ended = await detached('--label', 'first', 'exit 3');
    await untilStatus(ended, 'FAILED');
    const running = await detached('--label', 'first', '--label', 'second', 'sleep 600');
    const queued = await detached('echo  never');
    await untilStatus(running, 'RUNNING');
    const ids = async (...args: string[]) => (await json<Job[]>('ps', ...args)).map(({ id }) => id);
    expect(await ids()).toEqual([queued, running]);
    expect((await ids('--all')).slice(0, 3)).toEqual([queued, running, ended]);
    expect(await ids('--all', '--label', 'first')).toEqual([running, ended]);
    expect(await ids('--label', 'first', '--label', 'second')).toEqual([running]);
    expect(await ids('--status', 'failed,queued')).toEqual([queued, ended]);

    const { stdout } = await lifeline(server, ['ps', '-a', '--label', 'first']);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'STATUS', 'EXIT', 'AGE', 'TIME', 'QUEUE', 'LABELS', 'COMMAND'],
      [running, 'RUNNING', '-', expect.anything(), expect.anything(), '-', 'first,second', 'sleep 600'],
      [ended, 'FAILED', '3', expect.anything(), expect.anything(), '-', 'first', 'exit 3'],
      [''],
    ]);
    const cut = await lifeline(server, ['ps', '-a', '--limit', '1']);
    expect(cut.stderr).toBe('lifeline: there are more than 1; see them with --limit\n');

    expect((await lifeline(server, ['cancel', queued])).stdout).toBe(`job ${queued} is CANCELLED\n`);
    expect((await lifeline(server, ['cancel', running, '--grace', '2s'])).stdout).toBe(
      `job ${running} is CANCELLING\n`,
    );
    await untilStatus(running, 'CANCELLED');
  });

  it('show has everything of a job, as text and as JSON', async () => {
    const id = await detached('--timeout', '90s', '--env', 'A=b c', 'echo out; echo err >&2; exit 3');
    await untilStatus(id, 'FAILED');
    expect(await json('show', id)).toMatchObject({
      id,
      exitCode: 3,
      timeoutMs: 90_000,
      env: [{ name: 'A', value: 'b c' }],
      log: { lastSeq: 2, stdoutLines: 1, stderrLines: 1 },
      transitions: [{ to: 'QUEUED' }, { to: 'STARTING' }, { to: 'RUNNING' }, { to: 'FAILED' }],
    });
    const { stdout } = await lifeline(server, ['show', id]);
    expect(stdout).toMatch(/^status +FAILED \(EXITED\)$/m);
    expect(stdout).toMatch(/^exit code +3$/m);
    expect(stdout).toMatch(/^script +echo out; echo err >&2; exit 3$/m);
    expect(stdout).toMatch(/^environment +'A=b c'$/m);
    expect(stdout).toMatch(/^timeout +1m30s$/m);
    expect(stdout).toMatch(/^stderr +1 line, 4 bytes$/m);
  });

  it('ps and show say where a job stands in the queue, and what it waits for', async () => {
    const holder = await detached('--key', 'deploy', 'sleep 600');
    await untilStatus(holder, 'RUNNING');
    const held = await detached('--key', 'deploy', '--key-limit', '1', '--priority', '-5', 'exit 0');
    const second = await detached('exit 0');
    const first = await detached('--priority', '5', 'exit 0');
    const { stdout } = await lifeline(server, ['ps']);
    const places = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 6));
    expect(places.map(([id, , , , , place]) => [id, place])).toEqual([
      ['ID', 'QUEUE'],
      [first, '1 next'],
      [second, '2 in line'],
      [held, '3 key deploy'],
      [holder, '-'],
      ['', undefined],
    ]);
    const shown = (await lifeline(server, ['show', held])).stdout;
    expect(shown).toMatch(
      new RegExp(`^place +3. Waits for job ${holder}, which holds the key "deploy" \\(limit 1\\).$`, 'm'),
    );
    expect(shown).toMatch(/^priority +-5$/m);
    expect(shown).toMatch(/^key +deploy \(limit 1\)$/m);
    const [listed] = await json<(Job & { queue: unknown })[]>('ps');
    expect(listed).toMatchObject({ id: first, queue: { position: 1, reason: 'SERVER_LIMIT' } });
    await lifeline(server, ['cancel', '--grace', '0', holder]);
    for (const id of [first, second, held]) await untilStatus(id, 'SUCCEEDED');
  });

  it('run refuses a limit without a key, and a priority that is none', async () => {
    const alone = await lifeline(server, ['run', '--key-limit', '2', '--', 'true']);
    expect(alone).toMatchObject({ code: 125, stdout: '' });
    expect(alone.stderr).toContain('give --key');
    expect((await lifeline(server, ['run', '--priority', '101', '--', 'true'])).code).toBe(125);
  });

  it('rerun runs a job once more, and with --follow ends as it does', async () => {
    const first = await detached('echo again; exit 6');
    await untilStatus(first, 'FAILED');
    const { stdout } = await lifeline(server, ['rerun', first]);
    expect(stdout).toMatch(/^\d+\n$/);
    await untilStatus(stdout.trim(), 'FAILED');
    expect(await json('show', stdout.trim())).toMatchObject({ attempt: 2, rerunOf: { id: first } });
    const followed = await lifeline(server, ['rerun', '--follow', first]);
    expect(followed).toEqual({ code: 6, stdout: 'again\n', stderr: '' });
  });

  it('refuses in a sentence, or with --json in a document', async () => {
    for (const args of [
      ['show', '99999'],
      ['cancel', '99999'],
      ['rerun', '99999'],
    ]) {
      const refused = await lifeline(server, args);
      expect(refused).toMatchObject({ code: 125, stdout: '' });
      expect(refused.stderr).toBe('lifeline: There is no job 99999.\n');
    }
    const { code, stderr } = await lifeline(server, ['cancel', '99999', '--json']);
    expect(code).toBe(125);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'JOB_NOT_FOUND', message: 'There is no job 99999.' },
    });
  });

  it('says what is wrong with the token', async () => {
    const wrong = { LIFELINE_TOKEN: 'not-the-token-of-this-server' };
    const { code, stderr } = await lifeline(server, ['ps'], { env: wrong });
    expect(code).toBe(125);
    expect(stderr).toContain('LIFELINE_TOKEN');
    const named = { HOME: '/nowhere', LIFELINE_URL: server.url, LIFELINE_TOKEN: server.token };
    expect((await lifeline(server, ['ps'], { env: named })).code).toBe(0);
  });

  it('open gives a URL that lets a browser in, once', async () => {
    const { url } = await json<{ url: string }>('open');
    expect(new URL(url).origin).toBe(server.url);
    const enter = async () => await fetch(url, { redirect: 'manual' });
    const first = await enter();
    expect(first.headers.get('location')).toBe('/');
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly/);
    expect((await enter()).headers.get('set-cookie')).toBeNull();
  });

  it('a word that is no command is not taken for an argument of serve', async () => {
    using command = startCommand(server, ['pss']);
    expect(await command.end()).toEqual({
      code: 125,
      stdout: '',
      stderr: "error: unknown command 'pss'. See lifeline --help.\n",
    });
  });
});
