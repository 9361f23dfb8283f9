import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { lifeline, startCommand } from './lifeline-command.ts';

interface JobLine {
  readonly job?: { readonly id: string };
  readonly seq?: number;
  readonly text?: string;
  readonly done?: {
    readonly lastSeq: number;
    readonly job: { readonly status: string; readonly exitCode: number };
  };
}

describe('lifeline run', () => {
  let server: LifelineServer;

  beforeAll(async () => {
    server = await LifelineServer.start();
  });
  afterEach(async () => {
    await server.assertNothingIsLeft();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function jobCount(): Promise<number> {
    const { stdout } = await lifeline(server, ['ps', '--all', '--json', '--limit', '100000']);
    return (JSON.parse(stdout) as unknown[]).length;
  }

  it('prints each stream on its own and ends with the exit code of the job', async () => {
    const result = await lifeline(server, ['run', '--', 'sh', '-c', 'echo hi; echo err >&2; exit 3']);
    expect(result).toEqual({ code: 3, stdout: 'hi\n', stderr: 'err\n' });
  });

  it.each([
    ['success', 'exit 0', 0],
    ['an end by a signal', 'kill -9 $$', 137],
    ['an exit code above 128', 'exit 200', 200],
  ])('ends as its job does: %s', async (_, script, code) => {
    expect(await lifeline(server, ['run', '--script', script])).toEqual({ code, stdout: '', stderr: '' });
  });

  it('ends with 127 where there is no such program, and makes no job', async () => {
    const before = await jobCount();
    const { code, stdout, stderr } = await lifeline(server, ['run', '--', 'no-such-program']);
    expect({ code, stdout }).toEqual({ code: 127, stdout: '' });
    expect(stderr).toMatch(/^lifeline: .*no-such-program/);
    expect(await jobCount()).toBe(before);
  });

  it('ends with 124 and a word about it when the timeout has passed', async () => {
    const { code, stderr } = await lifeline(server, ['run', '--timeout', '200ms', '--', 'sleep', '600']);
    expect(code).toBe(124);
    expect(stderr).toMatch(/^lifeline: job \d+ TIMED_OUT: .+\n$/);
  });

  it('ends with 143 where somebody else cancels the job', async () => {
    using run = startCommand(server, [
      'run',
      '--script',
      'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done',
    ]);
    await run.untilPrinted('up');
    const [job] = JSON.parse((await lifeline(server, ['ps', '--json'])).stdout) as { id: string }[];
    expect((await lifeline(server, ['cancel', job!.id])).code).toBe(0);
    expect((await run.end()).code).toBe(143);
  });

  it('has the job ended politely by the signal that it is given', async () => {
    const script =
      'trap "echo INT; exit 0" INT; trap "echo TERM" TERM; echo up; while :; do sleep 0.05; done';
    using run = startCommand(server, ['run', '--stop-signal', 'int', '--script', script]);
    await run.untilPrinted('up');
    const [job] = JSON.parse((await lifeline(server, ['ps', '--json'])).stdout) as { id: string }[];
    expect((await lifeline(server, ['show', job!.id])).stdout).toContain('stopped by  SIGINT\n');
    expect((await lifeline(server, ['cancel', job!.id])).code).toBe(0);
    expect((await run.end()).stdout).toBe('up\nINT\n');
  });

  it('ends with 125 where it cannot do what it is asked', async () => {
    const refused: (readonly string[])[] = [
      ['run'],
      ['run', '--script', 'true', '--', 'true'],
      ['run', '--no-such-option', '--', 'true'],
      ['run', '--timeout', 'soon', '--', 'true'],
      ['run', '--stop-signal', 'KILL', '--', 'true'],
      ['run', '--cwd', '/no/such/directory', '--', 'true'],
      ['run', '--stdin', '/no/such/file', '--', 'cat'],
      ['run', '--env', 'NO_SUCH_VARIABLE', '--', 'true'],
      ['run', '--url', 'http://127.0.0.1:1', '--', 'true'],
      ['run', '--url', 'nonsense', '--', 'true'],
    ];
    for (const args of refused) {
      const { code, stdout, stderr } = await lifeline(server, args);
      expect({ args, code, stdout }).toEqual({ args, code: 125, stdout: '' });
      expect(stderr).toMatch(/^(lifeline|error): .+\n$/);
    }
  });

  it('gives the options of the program to the program', async () => {
    const { stdout } = await lifeline(server, ['run', 'echo', '--json', '-d', '--', '--url']);
    expect(stdout).toBe('--json -d -- --url\n');
  });

  it('runs in this directory, with variables, labels and standard input as asked', async () => {
    writeFileSync(server.scratch.file('input.txt'), 'from a file\n');
    const script = 'pwd; echo "$GIVEN $PASSED"; cat';
    const args = ['run', '--env', 'GIVEN=a b', '-e', 'PASSED', '--label', 'nightly', '--stdin'];
    const env = { PASSED: 'on' };
    const file = await lifeline(server, [...args, 'input.txt', '--script', script], { env });
    expect(file.stdout).toBe(`${server.scratch.path}\na b on\nfrom a file\n`);
    const pipe = await lifeline(server, [...args, '-', '--script', script], { env, stdin: 'from a pipe' });
    expect(pipe.stdout).toBe(`${server.scratch.path}\na b on\nfrom a pipe\n`);
    const listed = await lifeline(server, ['ps', '-a', '--label', 'nightly', '--json']);
    expect(JSON.parse(listed.stdout)).toHaveLength(2);
  });

  it('prints the number of the job and leaves it running with --detach', async () => {
    const { code, stdout } = await lifeline(server, ['run', '--detach', '--', 'sleep', '600']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\n$/);
    const shown = await lifeline(server, ['ps', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject([
      { id: stdout.trim(), command: [expect.stringMatching(/sleep$/), '600'] },
    ]);
    await lifeline(server, ['cancel', stdout.trim(), '--grace', '0']);
  });

  it('gives the same job for the same request id', async () => {
    const args = ['run', '--request-id', 'once-only', '--script', 'echo $$; exit 4'];
    const first = await lifeline(server, args);
    expect(first.code).toBe(4);
    expect(await lifeline(server, args)).toEqual(first);
  });

  it('prints the job, its lines and its end as JSON lines with --json', async () => {
    const { code, stdout, stderr } = await lifeline(server, ['run', '--json', '--script', 'echo a; exit 5']);
    expect({ code, stderr }).toEqual({ code: 5, stderr: '' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JobLine);
    expect(lines).toEqual([
      { job: expect.objectContaining({ id: expect.stringMatching(/^\d+$/) as string }) as object },
      expect.objectContaining({ seq: 1, stream: 'STDOUT', text: 'a', continued: false }),
      { done: { lastSeq: 1, job: expect.objectContaining({ status: 'FAILED', exitCode: 5 }) as object } },
    ]);
    const refused = await lifeline(server, ['run', '--json', '--', 'no-such-program']);
    expect(refused).toMatchObject({ code: 127, stdout: '' });
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'COMMAND_NOT_FOUND' } });
  });

  it('ends quietly when nobody reads any more, and the job goes on', async () => {
    using run = startCommand(server, ['run', '--script', 'while :; do echo line; sleep 0.01; done']);
    await run.untilPrinted('line');
    run.stopReading();
    const { code, stderr } = await run.end();
    expect(code).toBe(141);
    expect(stderr).toMatch(/^lifeline: nobody reads the output any more; job \d+ goes on\n$/);
    const [job] = JSON.parse((await lifeline(server, ['ps', '--json'])).stdout) as {
      id: string;
      status: string;
    }[];
    expect(job!.status).toBe('RUNNING');
    await lifeline(server, ['cancel', job!.id, '--grace', '0']);
  });
});

describe('Ctrl-C in lifeline run', () => {
  let server: LifelineServer;

  beforeAll(async () => {
    server = await LifelineServer.start();
  });
  afterEach(async () => {
    await server.assertNothingIsLeft();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function statusOf(script: string): Promise<unknown> {
    const { stdout } = await lifeline(server, ['ps', '--all', '--json']);
    const jobs = JSON.parse(stdout) as { script: string | null; status: string }[];
    return jobs.find((job) => job.script === script)?.status;
  }

  it('cancels the job and shows what it still says', async () => {
    const script = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done';
    using run = startCommand(server, ['run', '--script', script]);
    await run.untilPrinted('up');
    run.signal('SIGINT');
    expect(await run.end()).toMatchObject({ code: 130, stdout: 'up\nbye\n' });
    expect(await statusOf(script)).toBe('CANCELLED');
  });

  it('ends the job at once when it comes again', async () => {
    const script = 'trap "echo no" TERM; echo up; while :; do sleep 0.05; done';
    using run = startCommand(server, ['run', '--grace', '1h', '--script', script]);
    await run.untilPrinted('up');
    run.signal('SIGINT');
    await run.untilPrinted('no');
    run.signal('SIGINT');
    const { code, stdout } = await run.end();
    expect(code).toBe(130);
    // How often it is asked politely is the server's business.
    expect(stdout).toMatch(/^up\n(no\n)+$/);
    expect(await statusOf(script)).toBe('CANCELLED');
  });

  it('ends with 143 where it was SIGTERM', async () => {
    using run = startCommand(server, ['run', '--script', 'echo up; sleep 600']);
    await run.untilPrinted('up');
    run.signal('SIGTERM');
    expect((await run.end()).code).toBe(143);
  });

  it('reaches a server that is away when it comes back, and leaves at the third time', async () => {
    const script = 'echo up; sleep 601';
    using run = startCommand(server, ['run', '--verbose', '--script', script]);
    using leaver = startCommand(server, ['run', '--script', 'echo up; sleep 602']);
    await run.untilPrinted('up');
    await leaver.untilPrinted('up');
    await server.end('SIGKILL');
    await run.untilSaid('the connection is lost');
    run.signal('SIGINT');
    await run.untilSaid('cancelling job');
    leaver.signal('SIGINT');
    await leaver.untilSaid('once more ends it at once');
    leaver.signal('SIGINT');
    await leaver.untilSaid('once more leaves it');
    leaver.signal('SIGINT');
    const left = await leaver.end();
    expect(left.code).toBe(130);
    expect(left.stderr).toMatch(/left job \d+/);
    await server.launch();
    expect((await run.end()).code).toBe(130);
    expect(await statusOf(script)).toBe('CANCELLED');
    const [other] = JSON.parse((await lifeline(server, ['ps', '--json'])).stdout) as { id: string }[];
    await lifeline(server, ['cancel', other!.id, '--grace', '0']);
  });
});
