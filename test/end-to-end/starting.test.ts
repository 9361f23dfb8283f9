import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startScript, tryStartJob, untilOver } from './harness/jobs.ts';
import { LifelineServer, MAIN_PATH } from './harness/lifeline-server.ts';
import { ScratchDirectory } from './harness/scratch-directory.ts';

let server: LifelineServer | undefined;
afterEach(async () => {
  try {
    await server?.assertNothingIsLeft();
  } finally {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  }
});

/** Runs the command to its end. One that does not end by itself is killed after 20 s and has no exit code. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
      timeout: 20_000,
      killSignal: 'SIGKILL',
    } as const;
    const child = execFile(process.execPath, [MAIN_PATH, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** Everything below a directory with its mode. */
function modes(path: string): [string, string][] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => [
    name,
    (statSync(join(path, name)).mode & 0o777).toString(8),
  ]);
}

describe('a second server on the same data directory', () => {
  it('refuses, says who holds it, and harms nothing; after kill -9 it starts', async () => {
    server = await LifelineServer.start();
    const args = ['serve', '--port', '0', '--data-dir', server.dataDirectory];
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`pid ${String(server.pid)}`);
    expect(stderr).toContain(server.dataDirectory);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^lifeline: .*--data-dir/);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect((await untilOver(server, await startScript(server, 'exit 0'))).status).toBe('SUCCEEDED');
    await server.restart('SIGKILL');
    expect((await untilOver(server, await startScript(server, 'exit 0'))).status).toBe('SUCCEEDED');
  });

  it('that is started in the same instant leaves exactly one', async () => {
    using scratch = new ScratchDirectory();
    const args = ['serve', '--port', '0', '--data-dir', scratch.file('data')];
    const children = Array.from({ length: 4 }, () => execFile(process.execPath, [MAIN_PATH, ...args]));
    try {
      const outcomes = await Promise.all(
        children.map(async (child) => {
          const ready = once(child.stdout!, 'data').then(([text]) => String(text));
          const [first] = await Promise.race([
            ready.then((text) => [text]),
            once(child, 'exit').then(([code]) => [code as number]),
          ]);
          return typeof first === 'string' ? 'ready' : first;
        }),
      );
      expect(outcomes.sort()).toEqual([1, 1, 1, 'ready']);
    } finally {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null) return;
          const exited = once(child, 'exit');
          child.kill('SIGKILL');
          await exited;
        }),
      );
    }
  });
});

describe('a server', () => {
  it('keeps everything that it writes to its user alone, whatever the umask, and keeps its token', async () => {
    server = await LifelineServer.start({ wrapper: ['/bin/sh', '-c', 'umask 000; exec "$@"', 'wrapper'] });
    await untilOver(server, await startScript(server, 'echo secret'));
    expect((statSync(server.dataDirectory).mode & 0o777).toString(8)).toBe('700');
    for (const [name, mode] of modes(server.dataDirectory)) {
      const isDirectory = statSync(join(server.dataDirectory, name)).isDirectory();
      expect([name, mode]).toEqual([name, isDirectory ? '700' : '600']);
    }
    const { token } = server;
    expect(token.length).toBeGreaterThanOrEqual(32);
    await server.restart();
    expect(server.token).toBe(token);
    expect(server.stderr).not.toContain(token);
  });

  it('takes from others what they had in a data directory of before, its socket included', async () => {
    const socket = 'data/lifeline.sock';
    server = await LifelineServer.start({ args: ['--socket', socket] });
    await untilOver(server, await startScript(server, 'echo secret'));
    await server.end('SIGKILL');
    const { dataDirectory } = server;
    writeFileSync(join(dataDirectory, 'backups/old.db'), '');
    for (const name of ['lifeline.db-wal', 'lifeline.db-shm', 'lifeline.sock', 'token'])
      expect(existsSync(join(dataDirectory, name))).toBe(true);
    for (const [name] of modes(dataDirectory)) chmodSync(join(dataDirectory, name), 0o777);
    chmodSync(dataDirectory, 0o777);
    writeFileSync(server.scratch.file('elsewhere'), '', { mode: 0o644 });
    symlinkSync(server.scratch.file('elsewhere'), join(dataDirectory, 'link'));
    await server.launch();
    expect(statSync(server.scratch.file('elsewhere')).mode & 0o777).toBe(0o644);
    rmSync(join(dataDirectory, 'link'));
    expect((statSync(dataDirectory).mode & 0o777).toString(8)).toBe('700');
    // What is below jobs/ is out of reach with it.
    for (const [name, mode] of modes(dataDirectory).filter(([path]) => !path.startsWith('jobs/'))) {
      const isDirectory = statSync(join(dataDirectory, name)).isDirectory();
      expect([name, mode]).toEqual([name, isDirectory ? '700' : '600']);
    }
  });

  it('says in one sentence why it cannot use a data directory', async () => {
    using scratch = new ScratchDirectory();
    writeFileSync(scratch.file('file'), '');
    for (const path of [scratch.file('file'), scratch.file('file/below'), '/proc/lifeline']) {
      const { code, stderr } = await run(['serve', '--port', '0', '--data-dir', path]);
      expect(code).toBe(1);
      expect(stderr).toContain(path);
      expect(stderr.trim().split('\n').at(-1)).toMatch(/^lifeline: .*--data-dir\.$/);
      expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    }
  });

  it('is not started without a token where others could reach it', async () => {
    using scratch = new ScratchDirectory();
    const data = scratch.file('data');
    const { code, stderr } = await run(['serve', '--host', '0.0.0.0', '--auth', 'off', '--data-dir', data]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^lifeline: --auth off is refused on 0\.0\.0\.0: .*127\.0\.0\.1\.$/m);
    expect(existsSync(data)).toBe(false);
  });

  it('says in one sentence that its port is taken', async () => {
    using scratch = new ScratchDirectory();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    try {
      const { code, stderr } = await run([
        'serve',
        '--port',
        String(port),
        '--data-dir',
        scratch.file('data'),
      ]);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n').at(-1)).toMatch(new RegExp(`^lifeline: .*${String(port)}.*--port`));
    } finally {
      other.close();
    }
  });

  it.each([
    [['--port', '99999'], {}],
    [['--port', 'x'], {}],
    [['--max-running', '0'], {}],
    [['--auth', 'maybe'], {}],
    [['--auth', 'off', '--host', '0.0.0.0'], {}],
    [['--allowed-origin', 'https://a.example/path'], {}],
    [['--host', ''], {}],
    [['--auth', 'off', '--host', '0'], {}],
    [['--auth', 'off', '--host', '127.1'], {}],
    [['--auth', 'off', '--host', '::'], {}],
    [['--auth', 'off', '--host', '0.0.0.0', '--socket', 'lifeline.sock'], {}],
    [['--tls-cert', 'cert.pem'], {}],
    [['--tls-key', 'key.pem'], {}],
    [['--tls-cert', '/nonexistent', '--tls-key', '/nonexistent'], {}],
    [['--tls-cert', '/dev/null', '--tls-key', '/dev/null'], {}],
    [['--trusted-proxy', 'example.com'], {}],
    [['--trusted-proxy', '10.0.0.0/33'], {}],
    [[], { LIFELINE_TRUSTED_PROXY: '10.0.0.1, nobody' }],
    [['--no-such-option'], {}],
    [[], { LIFELINE_TOKEN: 'short' }],
    [[], { LIFELINE_PORT: '-1' }],
  ])('refuses %j with %j', async (args, env) => {
    using scratch = new ScratchDirectory();
    const { code, stderr } = await run(['serve', '--data-dir', scratch.file('data'), ...args], {
      LIFELINE_PORT: '0',
      ...env,
    });
    expect(code).toBe(1);
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect(existsSync(scratch.file('data/token'))).toBe(false);
  });
});

const isRoot = process.getuid?.() === 0;

describe('a server of a user without privileges', () => {
  it('refuses what it may not enter, execute or write, and runs the rest', async () => {
    const wrapper = isRoot ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
    using scratch = new ScratchDirectory();
    mkdirSync(scratch.file('closed'), { mode: 0 });
    mkdirSync(scratch.file('home'), { mode: 0o777 });
    writeFileSync(scratch.file('program'), '#!/bin/sh\n', { mode: 0o600 });
    if (isRoot) {
      // Its programs and itself must be readable for that user.
      for (const path of [scratch.path, scratch.file('home')]) chmodSync(path, 0o777);
      execFileSync('setpriv', [
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        'test',
        '-r',
        MAIN_PATH,
      ]);
    }
    server = await LifelineServer.start({ wrapper, openScratch: isRoot });
    const codes = async (input: Record<string, unknown>) =>
      (await tryStartJob(server!, input)).errors.map(({ extensions }) => extensions?.code);
    expect(await codes({ command: ['true'], cwd: scratch.file('closed') })).toEqual(['INVALID_INPUT']);
    expect(await codes({ command: ['true'], cwd: scratch.file('closed/below') })).toEqual(['INVALID_INPUT']);
    expect(await codes({ command: [scratch.file('program')] })).toEqual(['COMMAND_NOT_FOUND']);
    expect((await untilOver(server, await startScript(server, 'exit 0'))).status).toBe('SUCCEEDED');
    chmodSync(scratch.file('closed'), 0o700);
    expect(readFileSync(scratch.file('program'), 'utf8')).toBe('#!/bin/sh\n');
  });
});
