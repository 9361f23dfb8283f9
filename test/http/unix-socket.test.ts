import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { SocketPathError } from '../../src/http/unix-socket.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { Harness, type HarnessOptions, TestStore, TOKEN } from './harness.ts';

let store: TestStore;
let scratch: ScratchDirectory;
beforeAll(async () => {
  store = await TestStore.open();
  scratch = new ScratchDirectory();
});
afterAll(async () => {
  scratch[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
});

const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

function start(socketPath: string, config: HarnessOptions['config'] = {}): Promise<Harness> {
  return Harness.start(store, { config: { port: null, socketPath, ...config } });
}

function call(
  socketPath: string,
  path: string,
  headers: Record<string, string> = AUTHORIZATION,
  body?: string,
): Promise<{ status: number; text: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = request({ socketPath, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A socket that nobody listens on any more: who made it was killed. */
async function leaveDeadSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`;
  const child = spawn(process.execPath, ['-e', script]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a server on a unix socket', () => {
  it('is for its user alone, whatever the umask, and answers as on a port', async () => {
    const path = scratch.file('own');
    const former = process.umask(0);
    try {
      const harness = await start(path);
      expect(harness.url).toBe(`unix:${path}`);
      expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
      // It was narrowed for the socket alone.
      expect(process.umask(0)).toBe(0);
      expect(await call(path, '/readyz')).toMatchObject({ status: 200, text: 'ready' });
      expect((await call(path, '/readyz', {})).status).toBe(401);
      const body = JSON.stringify({ query: 'mutation { startJob(input: { command: ["true"] }) { id } }' });
      const headers = { ...AUTHORIZATION, 'content-type': 'application/json' };
      expect((await call(path, '/graphql', headers, body)).text).toContain('startJob');
      await harness[Symbol.asyncDispose]();
      expect(existsSync(path)).toBe(false);
    } finally {
      process.umask(former);
    }
  });

  it('answers to loopback names with any port and to allowed hosts, and to nobody else', async () => {
    const path = scratch.file('hosts');
    await using _harness = await start(path, { allowedHosts: ['lifeline.test'] });
    const status = async (host: string, more: Record<string, string> = {}) =>
      (await call(path, '/readyz', { ...AUTHORIZATION, host, ...more })).status;
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:4000', 'lifeline.test:8'])
      expect([host, await status(host)]).toEqual([host, 200]);
    for (const host of ['evil.example', 'localhost.evil.example'])
      expect([host, await status(host)]).toEqual([host, 403]);
    expect(await status('localhost', { origin: 'http://localhost' })).toBe(200);
    expect(await status('localhost', { origin: 'http://evil.example' })).toBe(403);
  });

  it('needs no credential where it has no port and authentication is off', async () => {
    const path = scratch.file('off');
    await using _harness = await start(path, { auth: 'off', token: '' });
    expect((await call(path, '/readyz', {})).status).toBe(200);
  });

  it('replaces the socket of a dead server', async () => {
    const path = scratch.file('dead');
    await leaveDeadSocket(path);
    expect(statSync(path).isSocket()).toBe(true);
    await using _harness = await start(path);
    expect((await call(path, '/readyz')).status).toBe(200);
  });

  it('leaves alone what another one listens on, and says so', async () => {
    const path = scratch.file('live');
    await using _harness = await start(path);
    await expect(start(path)).rejects.toThrow(SocketPathError);
    await expect(start(path)).rejects.toThrow(`The socket ${path} is in use.`);
    expect((await call(path, '/readyz')).status).toBe(200);
  });

  it('leaves alone what is no socket, and says so', async () => {
    writeFileSync(scratch.file('file'), 'kept');
    mkdirSync(scratch.file('directory'));
    execFileSync('mkfifo', [scratch.file('fifo')]);
    await leaveDeadSocket(scratch.file('target'));
    symlinkSync(scratch.file('target'), scratch.file('link'));
    for (const name of ['file', 'directory', 'fifo', 'link']) {
      await expect(start(scratch.file(name))).rejects.toThrow(
        /is no socket\. Name another path with --socket/,
      );
      expect(existsSync(scratch.file(name))).toBe(true);
    }
  });

  it('says where a path is too long for a socket, before the kernel cuts it', async () => {
    await expect(start(join('/tmp', 'x'.repeat(110)))).rejects.toThrow(SocketPathError);
  });

  it('listens on a port, too, where it has both, and closes both', async () => {
    const path = scratch.file('both');
    const harness = await start(path, { port: 0 });
    expect(harness.url).toMatch(/^http:/);
    expect((await harness.fetch('/readyz')).status).toBe(200);
    expect((await call(path, '/readyz')).status).toBe(200);
    await harness[Symbol.asyncDispose]();
    await expect(harness.connect()).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(path)).toBe(false);
  });

  it('believes the headers of a proxy there only where it was told to', async () => {
    const path = scratch.file('proxied');
    const headers = {
      'content-type': 'application/json',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '192.0.2.7',
    };
    const cookieOf = async (trusted: readonly string[]) => {
      await using _harness = await start(path, { trustedProxies: new TrustedProxies(trusted) });
      const { headers: answered } = await call(path, '/login', headers, JSON.stringify({ token: TOKEN }));
      return answered['set-cookie']?.[0];
    };
    expect(await cookieOf(['127.0.0.1'])).toMatch(/^lifeline-80=.*SameSite=Strict$/);
    expect(await cookieOf(['unix'])).toMatch(/^__Host-lifeline-443=.*; Secure$/);
  });
});
