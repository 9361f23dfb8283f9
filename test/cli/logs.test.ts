import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { lifeline, startCommand } from './lifeline-command.ts';

const TWO_STREAMS = 'for i in 1 2 3; do echo out $i; sleep 0.5; echo err $i >&2; sleep 0.5; done';

describe('lifeline logs', () => {
  let server: LifelineServer;
  let ended: string;

  beforeAll(async () => {
    server = await LifelineServer.start();
    ended = await idOf('--script', TWO_STREAMS);
    expect((await lifeline(server, ['logs', '-f', ended])).code).toBe(0);
  });
  afterEach(async () => {
    await server.assertNothingIsLeft();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function idOf(...args: readonly string[]): Promise<string> {
    const { stdout } = await lifeline(server, ['run', '--detach', ...args]);
    return stdout.trim();
  }

  async function linesOf(...args: readonly string[]): Promise<readonly string[]> {
    const { code, stdout, stderr } = await lifeline(server, ['logs', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.split('\n').slice(0, -1);
  }

  it('prints both streams in order on standard output', async () => {
    const all = ['out 1', 'err 1', 'out 2', 'err 2', 'out 3', 'err 3'];
    expect(await linesOf(ended)).toEqual(all);
    expect(await linesOf('--follow', ended)).toEqual(all);
  });

  it.each([[[]], [['--follow']]])('prints what is asked for (%s)', async (follow) => {
    expect(await linesOf(...follow, '--stream', 'stderr', ended)).toEqual(['err 1', 'err 2', 'err 3']);
    expect(await linesOf(...follow, '--tail', '2', ended)).toEqual(['out 3', 'err 3']);
    expect(await linesOf(...follow, '--tail', '2', '--stream', 'stdout', ended)).toEqual(['out 2', 'out 3']);
    expect(await linesOf(...follow, '--tail', '9', ended)).toHaveLength(6);
    expect(await linesOf(...follow, '--tail', '0', ended)).toEqual([]);
  });

  it('prints the lines that have what is looked for', async () => {
    expect(await linesOf('--grep', 'err', ended)).toEqual(['err 1', 'err 2', 'err 3']);
    expect(await linesOf('--grep', 'OUT [12]', '--regex', '-i', ended)).toEqual(['out 1', 'out 2']);
    expect(await linesOf('--grep', 'OUT', ended)).toEqual([]);
    expect(await linesOf('--grep', '2', '--stream', 'stderr', ended)).toEqual(['err 2']);
    const refused = await lifeline(server, ['logs', '--grep', '(', '--regex', ended]);
    expect(refused.stderr).toMatch(/RE2 syntax/);
    expect(refused.code).toBe(125);
  });

  it('finds the last lines also where they are more than a page', async () => {
    const id = await idOf('--script', 'seq 5000; echo e >&2');
    await lifeline(server, ['logs', '-f', id]);
    const numbers = Array.from({ length: 2500 }, (_, index) => String(2501 + index));
    expect(await linesOf('--tail', '2500', '--stream', 'stdout', id)).toEqual(numbers);
    expect(await linesOf('--stream', 'stdout', id)).toHaveLength(5000);
  });

  it('begins lines with their times on request', async () => {
    for (const line of await linesOf('--timestamps', ended)) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (out|err) \d$/);
    }
  });

  it('prints a JSON object a line, and the end where it follows', async () => {
    const objects = (await linesOf('--jsonl', ended)).map((line) => JSON.parse(line) as { seq: number });
    expect(objects.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await linesOf('--json', ended)).toEqual(await linesOf('--jsonl', ended));
    const last = (await linesOf('--jsonl', '-f', ended)).at(-1)!;
    expect(JSON.parse(last)).toMatchObject({ done: { lastSeq: 6, job: { id: ended, status: 'SUCCEEDED' } } });
  });

  it('ends with what there is of a running job, and follows it to its end only on request', async () => {
    const id = await idOf(
      '--script',
      'trap "echo last; exit 0" TERM; echo first; while :; do sleep 0.05; done',
    );
    // What the shell says of a sleep that was ended with it is none of ours.
    using follower = startCommand(server, ['logs', '--follow', '--stream', 'stdout', id]);
    await follower.untilPrinted('first\n');
    expect(await linesOf(id)).toEqual(['first']);
    await lifeline(server, ['cancel', id]);
    expect(await follower.end()).toMatchObject({ code: 0, stdout: 'first\nlast\n' });
  });

  it('ends quietly when nobody reads any more', async () => {
    const id = await idOf('--script', 'while :; do echo line; sleep 0.01; done');
    using follower = startCommand(server, ['logs', '--follow', id]);
    await follower.untilPrinted('line\n');
    follower.stopReading();
    expect(await follower.end()).toMatchObject({ code: 141, stderr: '' });
    await lifeline(server, ['cancel', id, '--grace', '0']);
  });

  it('has a sentence and 125 for a job that is not there', async () => {
    for (const follow of [[], ['-f']]) {
      expect(await lifeline(server, ['logs', ...follow, '99999'])).toEqual({
        code: 125,
        stdout: '',
        stderr: 'lifeline: There is no job 99999.\n',
      });
    }
    expect((await lifeline(server, ['logs', 'abc'])).code).toBe(125);
  });
});
