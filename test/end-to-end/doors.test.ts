import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifelineCommand, type CommandResult } from '../cli/lifeline-command.ts';
import { makeCertificate } from '../http/certificate.ts';
import { ScratchDirectory } from './harness/scratch-directory.ts';
import { ServerProcess } from './harness/server-process.ts';

let scratch: ScratchDirectory;
beforeEach(() => {
  scratch = new ScratchDirectory();
});
afterEach(() => {
  scratch[Symbol.dispose]();
});

/** Runs a command at the place of the server, where it finds it by its pointer; or elsewhere, where it does not. */
async function lifeline(
  args: readonly string[],
  env: Readonly<Record<string, string>> = { HOME: scratch.path },
): Promise<CommandResult> {
  using command = new LifelineCommand(args, { cwd: scratch.path, env });
  return await command.end();
}

async function writeCertificate(): Promise<string[]> {
  const { certificate, key } = await makeCertificate();
  writeFileSync(scratch.file('cert.pem'), certificate);
  writeFileSync(scratch.file('key.pem'), key);
  return ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
}

function token(): string {
  return readFileSync(scratch.file('data/token'), 'utf8').trim();
}

const ECHO = ['run', '--', 'echo', 'hello'];

describe('a server with TLS', () => {
  it('is known to commands here by its certificate, whatever its name or authority, also after a restart', async () => {
    const tls = await writeCertificate();
    const server = await ServerProcess.start(scratch, ['--port', '0', ...tls]);
    await using _server = server;
    expect(server.urls).toEqual([expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/)]);
    expect(await lifeline(ECHO)).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect((await lifeline(['open'])).stdout).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/login\/ticket\?/);
    using waiting = new LifelineCommand(
      ['run', '--', 'sh', '-c', 'echo begun; until [ -e go ]; do sleep 0.1; done; echo over'],
      {
        cwd: scratch.path,
        env: { HOME: scratch.path },
      },
    );
    await waiting.untilPrinted('begun');
    expect(await server.end()).toBe(0);
    // Renewed, and on another port.
    await using _again = await ServerProcess.start(scratch, ['--port', '0', ...(await writeCertificate())]);
    writeFileSync(scratch.file('go'), '');
    expect(await waiting.end()).toMatchObject({ code: 0, stdout: 'begun\nover\n' });
  });

  it('is trusted from elsewhere by its authority alone, and gets no token before', async () => {
    await using server = await ServerProcess.start(scratch, ['--port', '0', ...(await writeCertificate())]);
    const [url = ''] = server.urls;
    const elsewhere = { HOME: '/nonexistent', LIFELINE_URL: url, LIFELINE_TOKEN: token() };
    const stranger = await lifeline(ECHO, elsewhere);
    expect(stranger.code).toBe(125);
    expect(stranger.stderr).toMatch(/certificate of the server is not trusted \([A-Z_]+\).*--ca-file/);
    expect(await lifeline(['ps', '--ca-file', 'cert.pem'], elsewhere)).toMatchObject({ code: 0 });
    const byVariable = { ...elsewhere, LIFELINE_CA_FILE: scratch.file('cert.pem') };
    expect(await lifeline(ECHO, byVariable)).toMatchObject({ code: 0, stdout: 'hello\n' });
    const byNode = { ...elsewhere, NODE_EXTRA_CA_CERTS: scratch.file('cert.pem') };
    expect(await lifeline(ECHO, byNode)).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect((await lifeline(['ps', '--ca-file', 'nowhere.pem'], elsewhere)).stderr).toContain(
      'nowhere.pem cannot be read (ENOENT)',
    );
  });

  it('is not taken for another that came to its place', async () => {
    const server = await ServerProcess.start(scratch, ['--port', '0', ...(await writeCertificate())]);
    await using _server = server;
    const [name = ''] = readdirSync(scratch.file('.lifeline'));
    const pointerPath = scratch.file(`.lifeline/${name}`);
    const pointer = readFileSync(pointerPath, 'utf8');
    const other = new X509Certificate((await makeCertificate()).certificate);
    expect(pointer).toMatch(/"certificate":"([0-9A-F]{2}:){31}[0-9A-F]{2}"/);
    writeFileSync(
      pointerPath,
      pointer.replace(/"certificate":"[^"]+"/, `"certificate":"${other.fingerprint256}"`),
      {
        mode: 0o600,
      },
    );
    const { code, stderr } = await lifeline(ECHO);
    expect(code).toBe(125);
    expect(stderr).toContain('WRONG_CERTIFICATE');
  });

  it('speaks HTTP/2, and ends in time with open connections', async () => {
    const tls = await writeCertificate();
    const server = await ServerProcess.start(scratch, ['--port', '0', ...tls]);
    await using _server = server;
    const session = connect(server.urls[0]!, { ca: readFileSync(scratch.file('cert.pem')) });
    session.on('error', () => undefined);
    await once(session, 'connect');
    const closed = once(session, 'close');
    const startedAtMs = performance.now();
    expect(await server.end()).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    await closed;
  });

  it.each([
    [
      'a key of another certificate',
      async () => {
        writeFileSync(scratch.file('key.pem'), (await makeCertificate()).key);
      },
      /key values mismatch/,
    ],
    [
      'no certificate',
      async () => writeFile(scratch.file('cert.pem'), 'x'),
      /cert\.pem has no certificate in PEM form\. Name another file with --tls-cert\./,
    ],
    ['no key', async () => writeFile(scratch.file('key.pem'), 'x'), /cannot be used together \(.+\)/],
    ['an empty key', async () => writeFile(scratch.file('key.pem'), ''), /cannot be used together \(.+\)/],
  ])('does not start with %s, says so in one sentence, and makes nothing', async (_what, spoil, sentence) => {
    const tls = await writeCertificate();
    await spoil();
    const { code, stderr } = await lifeline(['serve', '--port', '0', '--data-dir', 'data', ...tls]);
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^lifeline: /);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect(existsSync(scratch.file('data'))).toBe(false);
  });
});

describe('a server on a socket', () => {
  it('has no port, is found there by commands, and takes the socket with it', async () => {
    const server = await ServerProcess.start(scratch, ['--socket', 'data/socket']);
    await using _server = server;
    const path = scratch.file('data/socket');
    expect(server.urls).toEqual([`unix:${path}`]);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(await lifeline(ECHO)).toMatchObject({ code: 0, stdout: 'hello\n' });
    const elsewhere = { HOME: '/nonexistent', LIFELINE_TOKEN: token() };
    expect(await lifeline(['ps', '--url', `unix:${path}`], elsewhere)).toMatchObject({ code: 0 });
    expect(await lifeline(['logs', '1'], { ...elsewhere, LIFELINE_URL: `unix://${path}` })).toMatchObject({
      stdout: 'hello\n',
    });
    const without = await lifeline(['ps', '--url', `unix:${path}`], { HOME: '/nonexistent' });
    expect(without.stderr).toContain('LIFELINE_TOKEN');
    const open = await lifeline(['open']);
    expect(open).toMatchObject({ code: 125, stderr: expect.stringContaining('--url') as string });
    expect(await server.end()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('listens on a port, too, where one is given, and comes back after SIGKILL', async () => {
    const args = ['--socket', 'socket', '--port', '0'];
    const server = await ServerProcess.start(scratch, args);
    await server.end('SIGKILL');
    expect(existsSync(scratch.file('socket'))).toBe(true);
    await using again = await ServerProcess.start(scratch, args);
    expect(again.urls).toEqual([expect.stringMatching(/^http:/), `unix:${scratch.file('socket')}`]);
    expect(
      await lifeline([...ECHO.slice(0, 1), '--url', `unix:${scratch.file('socket')}`, ...ECHO.slice(1)]),
    ).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    });
  });

  it('does not start where another one listens, or where the socket cannot be', async () => {
    await using _server = await ServerProcess.start(scratch, ['--socket', 'socket']);
    const start = (...args: string[]) => lifeline(['serve', '--data-dir', 'other', ...args]);
    const taken = await start('--socket', 'socket');
    expect(taken).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^lifeline: The socket .* is in use\..*--socket\.$/m) as string,
    });
    const nowhere = await start('--socket', 'nowhere/socket');
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^lifeline: .*nowhere\/socket.*--socket/m) as string,
    });
    expect(await lifeline(ECHO)).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('needs no token with --auth off', async () => {
    await using _server = await ServerProcess.start(scratch, ['--socket', 'socket', '--auth', 'off']);
    const elsewhere = { HOME: '/nonexistent', LIFELINE_URL: `unix:${scratch.file('socket')}` };
    expect(await lifeline(ECHO, elsewhere)).toMatchObject({ code: 0, stdout: 'hello\n' });
  });
});

describe('a server that others could make use of', () => {
  const UNENCRYPTED = expect.objectContaining({
    host: '0.0.0.0',
    msg: expect.stringContaining('--tls-cert') as string,
  }) as unknown;

  async function warningsOf(...args: readonly string[]): Promise<unknown[]> {
    await using server = await ServerProcess.start(scratch, ['--port', '0', ...args]);
    return server.warnings.filter(({ host }) => host !== undefined);
  }

  it('warns where the network sees the token, and only there', async () => {
    expect(await warningsOf('--host', '0.0.0.0')).toEqual([UNENCRYPTED]);
    expect(await warningsOf()).toEqual([]);
    expect(await warningsOf('--host', '0.0.0.0', ...(await writeCertificate()))).toEqual([]);
    expect(await warningsOf('--host', '0.0.0.0', '--trusted-proxy', '192.0.2.1')).toEqual([]);
  });

  it('warns where it runs as root, once, and not where it does not', async () => {
    await using server = await ServerProcess.start(scratch, ['--port', '0']);
    const warning = expect.objectContaining({
      uid: 0,
      msg: expect.stringContaining('user of its own') as string,
    }) as unknown;
    const warnings = server.warnings.filter(({ uid }) => uid !== undefined);
    expect(warnings).toEqual(process.getuid?.() === 0 ? [warning] : []);
  });
});
