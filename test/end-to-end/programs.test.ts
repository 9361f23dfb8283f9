import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  downloadLog,
  readWholeLog,
  startJob,
  startScript,
  tryStartJob,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { processesMentioning, signal, signalGroup } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

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

async function run(script: string) {
  const { lines, job } = await readWholeLog(server, await startScript(server, script));
  const texts = (from: string) => lines.flatMap(({ stream, text }) => (stream === from ? [text] : []));
  return { job, stdout: texts('STDOUT'), stderr: texts('STDERR') };
}

describe('a program that ends', () => {
  it.each([
    [
      'with exit 0',
      'exit 0',
      { status: 'SUCCEEDED', reason: 'EXITED', exitCode: 0, signal: null, signalInferred: false },
    ],
    [
      'with exit 3',
      'exit 3',
      { status: 'FAILED', reason: 'EXITED', exitCode: 3, signal: null, signalInferred: false },
    ],
    [
      'with exit 127, which is its own',
      'exit 127',
      { status: 'FAILED', reason: 'EXITED', exitCode: 127, signal: null },
    ],
    [
      'with exit 143, which could be TERM',
      'exit 143',
      { status: 'FAILED', reason: 'SIGNALLED', exitCode: 143, signal: 'SIGTERM', signalInferred: true },
    ],
    [
      'by TERM',
      'kill -TERM $$',
      { status: 'FAILED', reason: 'SIGNALLED', exitCode: 143, signal: 'SIGTERM', signalInferred: true },
    ],
    [
      'by INT, which it does not ignore',
      'kill -INT $$',
      { status: 'FAILED', exitCode: 130, signal: 'SIGINT' },
    ],
    ['by QUIT', 'ulimit -c 0; kill -QUIT $$', { status: 'FAILED', exitCode: 131, signal: 'SIGQUIT' }],
    ['by SEGV', 'ulimit -c 0; kill -SEGV $$', { status: 'FAILED', exitCode: 139, signal: 'SIGSEGV' }],
    ['by PIPE', 'kill -PIPE $$', { status: 'FAILED', exitCode: 141, signal: 'SIGPIPE' }],
    [
      'by KILL',
      'kill -9 $$',
      { status: 'FAILED', reason: 'KILLED_FROM_OUTSIDE', exitCode: 137, signal: 'SIGKILL' },
    ],
    [
      'by its own kill -9 0',
      'sleep 1000 & kill -9 0',
      { status: 'FAILED', reason: 'KILLED_FROM_OUTSIDE', exitCode: 137, signal: 'SIGKILL' },
    ],
    [
      'by its own kill 0',
      'kill 0; sleep 1000',
      { status: 'FAILED', reason: 'SIGNALLED', exitCode: 143, signal: 'SIGTERM' },
    ],
  ])('%s has that outcome, and no shell adds a word to its log', async (_how, script, outcome) => {
    const { job, stdout, stderr } = await run(`echo out; echo err >&2; ${script}`);
    expect(job).toMatchObject(outcome);
    expect({ stdout, stderr }).toEqual({ stdout: ['out'], stderr: ['err'] });
    expect(job.transitions.map(({ to }) => to)).toEqual(['QUEUED', 'STARTING', 'RUNNING', outcome.status]);
  });

  it('killed by nobody it knows, as the kernel does where memory is short, says that this may be why', async () => {
    const { job } = await run('kill -9 $$');
    expect(job).toMatchObject({ status: 'FAILED', reason: 'KILLED_FROM_OUTSIDE', exitCode: 137 });
    expect(job.message).toContain('where memory was short');
  });

  it('killed from outside, its group and all, has that outcome', async () => {
    const jobId = await startScript(server, 'sleep 1000 & sleep 1000');
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    await signalGroup(pid!, 'SIGKILL');
    expect(await untilOver(server, jobId)).toMatchObject({
      status: 'FAILED',
      reason: 'KILLED_FROM_OUTSIDE',
      exitCode: 137,
    });
  });

  it('after its shim was killed is LOST, and never a success', async () => {
    const word = server.scratch.file('without-shim');
    const jobId = await startScript(server, `until [ -e ${word} ]; do sleep 0.02; done; exit 0`);
    await untilStatus(server, jobId, 'RUNNING');
    const shims = processesMentioning(join(server.dataDirectory, 'jobs', jobId)).filter(({ command }) =>
      command.includes('shim'),
    );
    expect(shims.length).toBeGreaterThan(0);
    for (const { pid } of shims) signal(pid, 'SIGKILL');
    writeFileSync(word, '');
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'LOST', exitCode: null });
  });

  it('leaves what its shim said out of the log, also when its shim gets a signal', async () => {
    const jobId = await startScript(
      server,
      `echo one; until [ -e ${server.scratch.file('shimmed')} ]; do sleep 0.02; done; echo two`,
    );
    // Until it speaks, its process is still a part of the shim.
    await untilTrue(async () => (await downloadLog(server, jobId, 'stdout')).toString() === 'one\n');
    for (const { pid } of processesMentioning(join(server.dataDirectory, 'jobs', jobId)).filter(
      ({ command }) => command.includes('shim'),
    )) {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) signal(pid, name);
    }
    writeFileSync(server.scratch.file('shimmed'), '');
    const { lines, job } = await readWholeLog(server, jobId);
    expect(job).toMatchObject({ status: 'SUCCEEDED', exitCode: 0 });
    expect(lines.map(({ text }) => text)).toEqual(['one', 'two']);
  });
});

describe('a program', () => {
  it('that reopens /dev/stderr and /dev/stdout adds to them and truncates nothing', async () => {
    const { job, stdout, stderr } = await run(
      'echo one >&2; echo two >/dev/stderr; echo three | tee /dev/stderr; echo four >/dev/stdout; echo five >&2; echo six >>/dev/stderr',
    );
    expect(job.status).toBe('SUCCEEDED');
    expect(stdout).toEqual(['three', 'four']);
    expect(stderr).toEqual(['one', 'two', 'three', 'five', 'six']);
  });

  it('that reads its standard input finds the end at once, or the text that was given', async () => {
    expect((await run('cat; read line || echo "the end"')).stdout).toEqual(['the end']);
    const jobId = await startJob(server, { command: ['cat'], stdin: 'first\nsecond é\n' });
    expect((await downloadLog(server, (await untilOver(server, jobId)).id, 'stdout')).toString()).toBe(
      'first\nsecond é\n',
    );
  });

  it('has a session and group of its own, default signal handling, and the descriptors 0, 1 and 2 only', async () => {
    const { job, stdout } = await run(
      'grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; ls -1 /proc/$$/fd; cut -d" " -f5,6 /proc/$$/stat',
    );
    const none = '0000000000000000';
    expect(stdout.slice(0, 2)).toEqual([`SigBlk:\t${none}`, `SigIgn:\t${none}`]);
    const rest = stdout.slice(3);
    expect(rest.slice(0, -1)).toEqual(['0', '1', '2']);
    expect(rest.at(-1)).toBe(`${String(job.pid)} ${String(job.pid)}`);
  });

  it('gets nothing that was left open by whoever started the server', async () => {
    const wrapper = ['/bin/bash', '-c', 'exec 99</etc/passwd 251>/dev/null; exec "$@"', 'wrapper'];
    await using other = await LifelineServer.start({ wrapper });
    const jobId = await startScript(other, 'ls -1 /proc/$$/fd');
    await untilOver(other, jobId);
    expect((await downloadLog(other, jobId, 'stdout')).toString()).toBe('0\n1\n2\n');
    expect(other.stderr).toMatch(/"descriptors":\[(99,251|251,99)\].*closed descriptors/);
  });

  it('whose name has spaces and brackets is run, cancelled and swept like any other', async () => {
    const name = server.scratch.file('a) R 1 (b');
    writeFileSync(name, '#!/bin/sh\necho $$\nsleep 1000 &\nexit 0\n', { mode: 0o755 });
    const { job } = await readWholeLog(server, await startJob(server, { command: [name] }));
    expect(job.status).toBe('SUCCEEDED');
  });

  it('that was written a moment ago runs, however many are written and launched at once', async () => {
    const program = readFileSync('/bin/true');
    const launch = async (number: number): Promise<string> => {
      const path = server.scratch.file(`fresh-${number}`);
      // A launch at the same time must not inherit the descriptor that writes here: "text file busy".
      writeFileSync(path, program, { mode: 0o755 });
      return startJob(server, { command: [path] });
    };
    const jobIds = await Promise.all(Array.from({ length: 40 }, (_, index) => launch(index)));
    for (const jobId of jobIds) expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
  });

  it('gets its times in order and a duration that fits them', async () => {
    const { job } = await run('sleep 0.2');
    const [queued, started, finished] = [job.queuedAt, job.startedAt, job.finishedAt].map((time) =>
      Date.parse(time!),
    );
    expect(queued).toBeLessThanOrEqual(started!);
    expect(finished! - started!).toBeGreaterThanOrEqual(190);
    expect(job.durationMs).toBe(finished! - started!);
  });
});

describe('input that is known to be bad', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown program', { command: ['no-such-program'] }, 'COMMAND_NOT_FOUND'],
    ['an unknown path', { command: ['/no/such/program'] }, 'COMMAND_NOT_FOUND'],
    ['a directory as program', { command: ['/tmp'] }, 'COMMAND_NOT_FOUND'],
    ['a file that may not be executed', { command: ['/etc/passwd'] }, 'COMMAND_NOT_FOUND'],
    ['a missing working directory', { command: ['true'], cwd: '/no/such/place' }, 'INVALID_INPUT'],
    ['a file as working directory', { command: ['true'], cwd: '/etc/passwd' }, 'INVALID_INPUT'],
    ['NUL in an argument', { command: ['echo', 'a\0b'] }, 'INVALID_INPUT'],
    ['NUL in the environment', { command: ['true'], env: [{ name: 'A', value: '\0' }] }, 'INVALID_INPUT'],
    ['NUL in the working directory', { command: ['true'], cwd: '/tmp\0' }, 'INVALID_INPUT'],
    ['an argument of 140 kB', { command: ['echo', 'x'.repeat(140_000)] }, 'INVALID_INPUT'],
    ['a script of 140 kB', { script: `: ${'x'.repeat(140_000)}` }, 'INVALID_INPUT'],
    ['half a surrogate pair, which no bytes can be', { command: ['echo', '\ud800'] }, 'INVALID_INPUT'],
    [
      'a name that no shell can carry',
      { command: ['true'], env: [{ name: 'a.b', value: '1' }] },
      'INVALID_INPUT',
    ],
    ['neither command nor script', {}, 'INVALID_INPUT'],
    ['both command and script', { command: ['true'], script: 'true' }, 'INVALID_INPUT'],
    ['an empty command', { command: [] }, 'INVALID_INPUT'],
    ['a negative timeout', { command: ['true'], timeoutMs: -1 }, 'INVALID_INPUT'],
  ])('such as %s is one coded error and no job', async (_what, input, code) => {
    const before = await jobCount();
    const { status, data, errors } = await tryStartJob(server, input);
    expect(status).toBe(200);
    expect(data ?? null).toBeNull();
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual([code]);
    expect(errors[0]?.message).toMatch(/\.$/);
    expect(JSON.stringify(errors)).not.toMatch(/\bat .*:\d+:\d+|node_modules|stack/);
    expect(await jobCount()).toBe(before);
  });

  it('is told by the text of the error: the program is not blamed for the directory', async () => {
    const { errors } = await tryStartJob(server, { command: ['true'], cwd: '/no/such/place' });
    expect(errors[0]?.message).toContain('working directory');
    mkdirSync(server.scratch.file('bin'), { recursive: true });
    const { errors: others } = await tryStartJob(server, { command: ['no-such-program'] });
    expect(others[0]?.message).toContain('"no-such-program" was not found in PATH');
  });
});

async function jobCount(): Promise<number> {
  const { jobs } = await server.ask<{ jobs: { edges: unknown[] } }>(
    '{ jobs(first: 500) { edges { node { id } } } }',
  );
  expect(readdirSync(join(server.dataDirectory, 'jobs'))).toHaveLength(jobs.edges.length);
  return jobs.edges.length;
}
