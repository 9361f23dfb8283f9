import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseServer } from '../../src/cli/choose-server.ts';
import { CliError } from '../../src/cli/cli-error.ts';
import { leaveServerPointer, liveServers, pointerDirectory } from '../../src/server-pointer.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { lifeline, LifelineCommand } from './lifeline-command.ts';

function unexpected(error: unknown): never {
  throw error;
}

describe('the pointer to a running server', () => {
  let scratch: ScratchDirectory;
  let environment: NodeJS.ProcessEnv;

  beforeEach(() => {
    scratch = new ScratchDirectory();
    environment = { HOME: scratch.path };
  });
  afterEach(() => {
    scratch[Symbol.dispose]();
  });

  function pointerTo(name: string, port = 4000) {
    return {
      url: `http://127.0.0.1:${port}`,
      dataDirectory: scratch.file(name),
      tokenFile: null,
      certificate: null,
    };
  }

  /** A pointer of a server that has ended: its pid is beyond any that the kernel gives. */
  function writeStale(name: string): string {
    mkdirSync(pointerDirectory(environment), { recursive: true });
    const path = join(pointerDirectory(environment), `server-${name.padStart(16, '0')}.json`);
    writeFileSync(path, JSON.stringify({ ...pointerTo(name), pid: 2 ** 30 }), { mode: 0o600 });
    return path;
  }

  it('is a file of this user alone, and goes with its guard', () => {
    const directory = pointerDirectory(environment);
    expect(directory).toBe(scratch.file('.lifeline'));
    {
      using _pointer = leaveServerPointer(pointerTo('a'), environment, unexpected);
      const [name, ...others] = readdirSync(directory);
      expect(others).toEqual([]);
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      expect(statSync(join(directory, name!)).mode & 0o777).toBe(0o600);
      expect(liveServers(environment)).toEqual([{ ...pointerTo('a'), pid: process.pid }]);
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is in the runtime directory where there is one', () => {
    expect(pointerDirectory({ ...environment, XDG_RUNTIME_DIR: '/run/user/7' })).toBe('/run/user/7/lifeline');
    expect(pointerDirectory({ ...environment, XDG_RUNTIME_DIR: 'relative' })).toBe(scratch.file('.lifeline'));
  });

  it('is one for each data directory, and the last one counts', () => {
    using _first = leaveServerPointer(pointerTo('a', 1), environment, unexpected);
    using _second = leaveServerPointer(pointerTo('a', 2), environment, unexpected);
    using _other = leaveServerPointer(pointerTo('b', 3), environment, unexpected);
    expect(liveServers(environment).map(({ url }) => url)).toEqual([
      'http://127.0.0.1:2',
      'http://127.0.0.1:3',
    ]);
  });

  it('that a dead server left is ignored and removed', () => {
    const stale = writeStale('1');
    using _live = leaveServerPointer(pointerTo('a'), environment, unexpected);
    expect(liveServers(environment).map(({ dataDirectory }) => dataDirectory)).toEqual([scratch.file('a')]);
    expect(readdirSync(pointerDirectory(environment))).toHaveLength(1);
    expect(() => statSync(stale)).toThrow('ENOENT');
  });

  it('of another server is not removed by a late guard', () => {
    const guard = leaveServerPointer(pointerTo('a'), environment, unexpected);
    const [name] = readdirSync(pointerDirectory(environment));
    const path = join(pointerDirectory(environment), name!);
    writeFileSync(path, JSON.stringify({ ...pointerTo('a'), pid: process.ppid }));
    guard[Symbol.dispose]();
    guard[Symbol.dispose]();
    expect(readFileSync(path, 'utf8')).toContain(String(process.ppid));
  });

  it('is not believed where others could have written it, or where it is none', () => {
    using _pointer = leaveServerPointer(pointerTo('a'), environment, unexpected);
    const directory = pointerDirectory(environment);
    const live = JSON.stringify({ ...pointerTo('x'), pid: process.pid });
    writeFileSync(join(directory, 'server-0000000000000001.json'), live, { mode: 0o600 });
    expect(liveServers(environment)).toHaveLength(2);
    for (const [name, text] of [
      ['2', '{}'],
      ['3', 'nonsense'],
      ['4', 'null'],
      ['5', '{"pid":-1}'],
    ] as const) {
      writeFileSync(join(directory, `server-000000000000000${name}.json`), text, { mode: 0o600 });
    }
    symlinkSync(
      join(directory, 'server-0000000000000001.json'),
      join(directory, 'server-0000000000000006.json'),
    );
    const open = join(directory, 'server-0000000000000007.json');
    writeFileSync(open, live);
    expect(statSync(open).mode & 0o022).toBe(0);
    expect(liveServers(environment)).toHaveLength(3);
    chmodSync(open, 0o622);
    expect(liveServers(environment)).toHaveLength(2);
  });

  it('that cannot be left is told, and the server goes on', () => {
    const failures: unknown[] = [];
    writeFileSync(scratch.file('.lifeline'), 'a file, not a directory');
    using _pointer = leaveServerPointer(pointerTo('a'), environment, (error) => failures.push(error));
    expect(failures).toHaveLength(1);
    expect(liveServers(environment)).toEqual([]);
  });

  describe('finds the server of a command', () => {
    const choose = (url?: string) => chooseServer(url, environment, scratch.path).url;

    it('by --url, then LIFELINE_URL', () => {
      using _pointer = leaveServerPointer(pointerTo('a'), environment, unexpected);
      environment['LIFELINE_URL'] = 'https://example.org/behind/a/proxy?x=1';
      expect(choose('http://127.0.0.1:5000')).toBe('http://127.0.0.1:5000/');
      expect(choose()).toBe('https://example.org/behind/a/proxy/');
      expect(chooseServer('http://127.0.0.1:4000', environment, scratch.path).pointer).toBeDefined();
    });

    it('by the data directory here, then as the only one', () => {
      mkdirSync(scratch.file('.lifeline'));
      using _one = leaveServerPointer(pointerTo('a', 1), environment, unexpected);
      expect(choose()).toBe('http://127.0.0.1:1/');
      using _here = leaveServerPointer(pointerTo('.lifeline', 2), environment, unexpected);
      expect(choose()).toBe('http://127.0.0.1:2/');
      mkdirSync(scratch.file('a'));
      environment['LIFELINE_DATA_DIR'] = 'a';
      expect(choose()).toBe('http://127.0.0.1:1/');
    });

    it('and lists them where it cannot choose', () => {
      expect(() => choose()).toThrow(CliError);
      using _one = leaveServerPointer(pointerTo('a', 1), environment, unexpected);
      using _two = leaveServerPointer(pointerTo('b', 2), environment, unexpected);
      expect(() => choose()).toThrow(
        `http://127.0.0.1:1  ${scratch.file('a')}\n  http://127.0.0.1:2  ${scratch.file('b')}`,
      );
    });

    it('and refuses what is no URL of a server, or has a credential in it', () => {
      for (const url of ['localhost:4000', 'ftp://example.org', 'http://user:secret@example.org']) {
        expect(() => choose(url)).toThrow(CliError);
      }
    });
  });
});

describe('a server and its pointer', () => {
  it('leaves one, takes it along when it stops, and is not found by it after a kill', async () => {
    await using server = await LifelineServer.start();
    const environment = { HOME: server.scratch.path };
    expect(liveServers(environment)).toEqual([
      {
        url: server.url,
        certificate: null,
        dataDirectory: server.dataDirectory,
        pid: server.pid,
        tokenFile: join(server.dataDirectory, 'token'),
      },
    ]);
    expect((await lifeline(server, ['ps'])).code).toBe(0);
    await server.end('SIGTERM');
    expect(readdirSync(pointerDirectory(environment))).toEqual([]);
    await server.launch();
    await server.end('SIGKILL');
    expect(readdirSync(pointerDirectory(environment))).toHaveLength(1);
    expect(await lifeline(server, ['ps'])).toEqual({
      code: 125,
      stdout: '',
      stderr: 'lifeline: No server was found. Start one with `lifeline serve`, or name one with --url.\n',
    });
    expect(readdirSync(pointerDirectory(environment))).toEqual([]);
  });

  it('names no file with a token that is in none', async () => {
    const token = 'a-token-of-more-than-sixteen-characters';
    await using server = await LifelineServer.start({ env: { LIFELINE_TOKEN: token } });
    expect(liveServers({ HOME: server.scratch.path })).toMatchObject([{ tokenFile: null }]);
    expect((await lifeline(server, ['ps'])).stderr).toContain('LIFELINE_TOKEN');
    expect((await lifeline(server, ['ps'], { env: { LIFELINE_TOKEN: token } })).code).toBe(0);
  });

  it('are listed where there are several and none is named', async () => {
    await using one = await LifelineServer.start();
    const options = { env: { HOME: one.scratch.path } };
    await using two = await LifelineServer.start(options);
    using command = new LifelineCommand(['ps'], { cwd: '/', ...options });
    const { code, stderr } = await command.end();
    expect(code).toBe(125);
    expect(stderr).toContain(one.url);
    expect(stderr).toContain(two.url);
    using named = new LifelineCommand(['ps', '--url', two.url], { cwd: '/', ...options });
    expect((await named.end()).code).toBe(0);
  });
});
