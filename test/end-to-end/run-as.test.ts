import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cancelJob,
  downloadLog,
  findJob,
  readWholeLog,
  startJob,
  tryStartJob,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer, MAIN_PATH, type ServerOptions } from './harness/lifeline-server.ts';
import { isRunning } from './harness/processes.ts';
import { orderService, saveService } from './harness/services.ts';
import { ScratchDirectory } from './harness/scratch-directory.ts';
import { untilTrue } from './harness/until-true.ts';

/** A user that every machine has. */
const USER = 'nobody';
const possible =
  process.getuid?.() === 0 &&
  spawnSync('setpriv', [`--reuid=${USER}`, '--regid=0', '--clear-groups', '--', 'true']).status === 0;
if (!possible) console.warn(`SKIPPED: not root here, so jobs cannot run as ${USER}.`);

const hasTini = spawnSync('tini', ['--version']).status === 0;

/** As `id` gives it. */
const idOf = (option: string): string => execFileSync('id', [option, USER], { encoding: 'utf8' }).trim();

let server: LifelineServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

/** Others may enter its scratch directory: only what the server itself does keeps a job from its files. */
async function startServer(options: ServerOptions = {}): Promise<LifelineServer> {
  server = await LifelineServer.start({
    openScratch: true,
    ...options,
    args: ['--run-as', USER, ...(options.args ?? [])],
  });
  return server;
}

async function outputOf(of: LifelineServer, input: Readonly<Record<string, unknown>>): Promise<string> {
  const jobId = await startJob(of, input);
  await untilOver(of, jobId);
  return (await downloadLog(of, jobId, 'stdout')).toString();
}

function warningsOf(of: LifelineServer): string[] {
  return of.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
}

describe.skipIf(!possible)('a server that cannot run jobs as another user', () => {
  function refusal(args: readonly string[], wrapper: readonly string[] = []): string {
    using scratch = new ScratchDirectory();
    chmodSync(scratch.path, 0o777);
    const [program, ...rest] = [
      ...wrapper,
      process.execPath,
      MAIN_PATH,
      'serve',
      '--port',
      '0',
      '--data-dir',
      scratch.file('data'),
      ...args,
    ] as [string, ...string[]];
    const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8', timeout: 20_000, cwd: '/' });
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return stderr;
  }

  it('is not started: it is not root', () => {
    const asNobody = ['setpriv', `--reuid=${USER}`, '--clear-groups', '--'];
    expect(refusal(['--run-as', 'root'], asNobody)).toContain('needs a server that runs as root');
  });

  it('is not started: there is no such user', () => {
    for (const name of ['no-such-user', '4294967290', '--help', 'a:b', 'no body']) {
      expect(refusal([`--run-as=${name}`])).toContain('knows no such user');
    }
  });

  it('is not started: root may not change its user here', () => {
    const wrapper = ['setpriv', '--bounding-set=-setuid', '--inh-caps=-setuid', '--'];
    expect(refusal(['--run-as', USER], wrapper)).toContain('may not become that user');
  });
});

describe.skipIf(!possible)('jobs that run as another user', () => {
  it('have its user, its groups, no capability, and its home in their environment', async () => {
    const of = await startServer();
    const text = await outputOf(of, {
      script: 'id -u; id -ru; id -g; id -G; grep CapEff /proc/self/status; pwd; env',
    });
    const [uid, ruid, gid, groups, capabilities, pwd, ...environment] = text.split('\n');
    expect([uid, ruid, gid, groups]).toEqual([idOf('-u'), idOf('-u'), idOf('-g'), idOf('-G')]);
    expect(capabilities).toMatch(/^CapEff:\s*0+$/);
    const home = execFileSync('getent', ['passwd', USER], { encoding: 'utf8' }).split(':')[5]!;
    expect(environment).toEqual(expect.arrayContaining([`USER=${USER}`, `LOGNAME=${USER}`, `HOME=${home}`]));
    // Its home is not there on most machines.
    expect(['/', home]).toContain(pwd);
    expect(warningsOf(of).join('\n')).not.toContain('running as root');
    await of.assertNothingIsLeft();
  });

  it('cannot read, write or list anything of the server, nor end it', async () => {
    const of = await startServer();
    const files = ['token', 'lifeline.db', 'lease', 'jobs'].map((name) => join(of.dataDirectory, name));
    const script = [
      ...files.map(
        (path) => `cat '${path}' && echo "READ ${path}"; echo x >>'${path}' && echo "WROTE ${path}"`,
      ),
      `ls '${of.dataDirectory}' && echo LISTED`,
      `cat /proc/${String(of.pid)}/environ && echo "READ environ"`,
      `kill -0 ${String(of.pid)} && echo "MAY KILL"`,
      'for p in /proc/$PPID /proc/self; do for n in 3 4 5 6 7 8 9; do [ -e $p/fd/$n ] && echo "HAS $p $n"; done; done',
      'cat /proc/$PPID/environ && echo "READ its shim"',
      'echo done',
    ].join('\n');
    expect(await outputOf(of, { script })).toBe('done\n');
    const { uid, mode } = statSync(join(of.dataDirectory, 'token'));
    expect([uid, mode & 0o777]).toEqual([0, 0o600]);
    await of.assertNothingIsLeft();
  });

  it('give nothing of their request to a program before it is theirs', async () => {
    const of = await startServer();
    // Where root itself loaded it, the loader would say so in the log of the shim, or do worse.
    const env = [
      { name: 'LD_PRELOAD', value: '/nowhere/evil.so' },
      { name: 'ENV', value: '/nowhere' },
      { name: 'PATH', value: '/nowhere:/usr/bin:/bin' },
    ];
    const jobId = await startJob(of, { script: 'id -u', env });
    await untilOver(of, jobId);
    expect((await downloadLog(of, jobId, 'stdout')).toString()).toBe(`${idOf('-u')}\n`);
    expect(readFileSync(join(of.dataDirectory, 'jobs', jobId, 'shim.err'), 'utf8')).toBe('\n');
    await of.assertNothingIsLeft();
  });

  it('have a whole log: both streams, opened once more by name, and their input', async () => {
    const of = await startServer();
    const stdin = 'one\ntwo\n'.repeat(5_000);
    const jobId = await startJob(of, {
      script: 'cat; cat /dev/stdin >/dev/null; echo out >/dev/stdout; echo err >/dev/stderr; exit 3',
      stdin,
    });
    const { lines, job } = await readWholeLog(of, jobId);
    expect([job.status, job.exitCode]).toEqual(['FAILED', 3]);
    expect(lines.filter(({ stream }) => stream === 'STDOUT').map(({ text }) => text)).toEqual([
      ...stdin.trimEnd().split('\n'),
      'out',
    ]);
    expect(lines.filter(({ stream }) => stream === 'STDERR').map(({ text }) => text)).toEqual(['err']);
    for (const name of ['stdout', 'stderr', 'exit']) {
      const { uid, mode } = statSync(join(of.dataDirectory, 'jobs', jobId, name));
      expect([name, uid, mode & 0o777]).toEqual([name, 0, 0o600]);
    }
    const silent = await outputOf(of, { command: ['cat'] });
    expect(silent).toBe('');
    await of.assertNothingIsLeft();
  });

  it.each(['auto', 'none', ...(hasTini ? ['subreaper'] : [])])(
    'are ended with their whole family, strays included (%s)',
    async (containment) => {
      const of = await startServer({ args: ['--containment', containment] });
      const jobId = await startJob(of, {
        script:
          'sleep 1000 & setsid sleep 1000 & (setsid sh -c "sleep 1000 & sleep 1000" &) ; trap "" TERM; echo up; wait; sleep 1000',
        gracePeriodMs: 300,
      });
      await untilTrue(async () => (await downloadLog(of, jobId, 'stdout')).toString() === 'up\n');
      const family = of.jobProcesses().map(({ pid }) => pid);
      await cancelJob(of, jobId);
      expect((await untilOver(of, jobId)).status).toBe('CANCELLED');
      await untilTrue(() => family.every((pid) => !isRunning(pid)));
      await of.assertNothingIsLeft();
    },
  );

  it('survive kill -9 of the server, and are waited for with all that they leave', async () => {
    const of = await startServer();
    const [going, ended, waiting] = await Promise.all([
      startJob(of, { script: 'echo one; until [ -e /proc/1/nowhere ]; do sleep 0.1; done' }),
      startJob(of, { script: 'sleep 0.5; echo two; exit 7' }),
      startJob(of, { script: 'setsid sh -c "sleep 2; echo late" & echo three', onEnd: 'WAIT' }),
    ]);
    for (const id of [going, ended, waiting]) await untilStatus(of, id, 'RUNNING');
    await of.end('SIGKILL');
    await untilTrue(() => readFileSync(join(of.dataDirectory, 'jobs', ended, 'stdout'), 'utf8') === 'two\n');
    await of.launch();
    expect(await untilOver(of, ended)).toMatchObject({ status: 'FAILED', exitCode: 7 });
    expect(await untilOver(of, waiting)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await downloadLog(of, waiting, 'stdout')).toString()).toBe('three\nlate\n');
    expect((await findJob(of, going)).status).toBe('RUNNING');
    await cancelJob(of, going);
    expect((await untilOver(of, going)).status).toBe('CANCELLED');
    await of.assertNothingIsLeft();
  });

  it('have their probe and their stop command run as the same user', async () => {
    const of = await startServer();
    const file = (name: string): string => of.scratch.file(name);
    await saveService(of, {
      name: 'web',
      script: `trap "echo TERM" TERM; trap "exit 0" USR1; while :; do sleep 0.05; done`,
      cwd: of.scratch.path,
      readiness: {
        exec: ['sh', '-c', `id -un >${file('probed')}; id -G >>${file('probed')}`],
        periodMs: 100,
      },
      stopCommand: [
        'sh',
        '-c',
        `id -un >${file('stopped')}; grep CapEff /proc/self/status >>${file('stopped')}; kill -USR1 $LIFELINE_PID`,
      ],
    });
    await orderService(of, 'startService', 'web');
    const { currentJob } = await orderService(of, 'stopService', 'web');
    expect(currentJob).toMatchObject({ status: 'CANCELLED' });
    expect((await downloadLog(of, currentJob!.id, 'stdout')).toString()).toBe('');
    expect(readFileSync(file('probed'), 'utf8')).toBe(`${USER}\n${idOf('-G')}\n`);
    expect(readFileSync(file('stopped'), 'utf8')).toBe(`${USER}\nCapEff:\t0000000000000000\n`);
    await of.assertNothingIsLeft();
  });

  it('are refused where the user cannot enter their directory or execute their program, and no job is made', async () => {
    const of = await startServer();
    for (const [input, code, sentence] of [
      [{ script: 'true', cwd: of.dataDirectory }, 'INVALID_INPUT', `cannot be entered by the user ${USER}`],
      [
        { command: [join(of.dataDirectory, 'program')] },
        'COMMAND_NOT_FOUND',
        `may not be executed by the user ${USER}`,
      ],
    ] as const) {
      const program = join(of.dataDirectory, 'program');
      copyFileSync('/bin/true', program);
      chmodSync(program, 0o755);
      const { data, errors } = await tryStartJob(of, input);
      expect(data ?? null).toBeNull();
      expect(errors).toMatchObject([
        { message: expect.stringContaining(sentence) as string, extensions: { code } },
      ]);
    }
    expect(await outputOf(of, { script: 'pwd', cwd: '/tmp' })).toBe('/tmp\n');
    await of.assertNothingIsLeft();
  });

  it('find their program where their user may execute it, though root would find another one before', async () => {
    const of = await startServer();
    const mine = join(of.dataDirectory, 'id');
    copyFileSync('/bin/false', mine);
    chmodSync(mine, 0o755);
    const env = [{ name: 'PATH', value: `${of.dataDirectory}:/usr/bin:/bin` }];
    expect(await outputOf(of, { command: ['id', '-un'], env })).toBe(`${USER}\n`);
    await of.assertNothingIsLeft();
  });

  it('may be root’s after all, who is warned as without the option', async () => {
    server = await LifelineServer.start({ args: ['--run-as', 'root'] });
    expect(await outputOf(server, { command: ['id', '-u'] })).toBe('0\n');
    expect(warningsOf(server).join('\n')).toContain('or its jobs with --run-as');
    await server.assertNothingIsLeft();
  });

  it('may have a user by its number, too', async () => {
    server = await LifelineServer.start({ openScratch: true, env: { LIFELINE_RUN_AS: idOf('-u') } });
    expect(await outputOf(server, { command: ['id', '-un'] })).toBe(`${USER}\n`);
    await server.assertNothingIsLeft();
  });
});
