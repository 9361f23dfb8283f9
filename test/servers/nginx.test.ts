import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../end-to-end/harness/free-port.ts';
import { startJob, untilOver } from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { makeCertificate } from '../http/certificate.ts';
import { Http2Client } from '../http/http2-client.ts';

const NGINX = process.env['NGINX_BIN']!;
const SHIPPED = join(import.meta.dirname, '../../packaging/nginx/lifeline.conf');
const READERS = 50;

let server: LifelineServer;
let nginx: Nginx;
beforeEach(async () => {
  server = await LifelineServer.start({
    args: ['--trusted-proxy', '127.0.0.1', '--allowed-host', '127.0.0.1'],
  });
  nginx = await Nginx.start(server);
});
afterEach(async () => {
  try {
    await nginx[Symbol.asyncDispose]();
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

/** A real nginx with the configuration that is shipped, on a free port, before one server. */
class Nginx implements AsyncDisposable {
  readonly url: string;
  readonly certificate: string;
  readonly #child: ChildProcess;

  private constructor(url: string, certificate: string, child: ChildProcess) {
    this.url = url;
    this.certificate = certificate;
    this.#child = child;
  }

  static async start({ scratch, port }: LifelineServer): Promise<Nginx> {
    const { certificate, key } = await makeCertificate();
    const directory = scratch.file('nginx');
    mkdirSync(directory);
    const file = (name: string) => join(directory, name);
    writeFileSync(file('certificate'), certificate);
    writeFileSync(file('key'), key, { mode: 0o600 });
    const ownPort = await freePort();
    const site = replaced(readFileSync(SHIPPED, 'utf8'), [
      ['server 127.0.0.1:4000;', `server 127.0.0.1:${String(port)};`],
      ['listen 443 ssl', `listen 127.0.0.1:${String(ownPort)} ssl`],
      ['listen [::]:443 ssl http2;', ''],
      ['/etc/ssl/lifeline.example.pem', file('certificate')],
      ['/etc/ssl/private/lifeline.example.key', file('key')],
    ]);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const paths = temporary.map((name) => `${name}_temp_path ${file(name)};`);
    writeFileSync(
      file('nginx.conf'),
      [
        'daemon off;',
        `pid ${file('pid')};`,
        'events {}',
        `http { access_log off; ${paths.join(' ')}`,
        site,
        '}',
      ].join('\n'),
    );
    const child = spawn(NGINX, ['-p', directory, '-c', file('nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const nginx = new Nginx(`https://127.0.0.1:${String(ownPort)}`, certificate, child);
    try {
      await untilTrue(async () => {
        if (child.exitCode !== null) return 'ended' as const;
        using _client = await nginx.open();
        return true;
      });
      expect(complaints).toBe('');
      return nginx;
    } catch (error) {
      await nginx[Symbol.asyncDispose]();
      throw error;
    }
  }

  open(): Promise<Http2Client> {
    return Http2Client.open(this.url, this.certificate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}

/** @throws Error where a text is not there: then the test is not one of what is shipped */
function replaced(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`${SHIPPED} has no ${from}`);
    return result.replace(from, to);
  }, text);
}

/** A job that writes a line, and then the next one only when somebody lets it. */
async function steppingJob(): Promise<{ jobId: string; release: () => void }> {
  const gate = server.scratch.file('gate');
  const script = 'echo first; until [ -e "$0" ]; do sleep 0.05; done; echo last';
  const jobId = await startJob(server, { command: ['/bin/sh', '-c', script, gate] });
  return { jobId, release: () => writeFileSync(gate, '') };
}

describe('a real nginx with the configuration that is shipped', () => {
  it('lets a browser in with a cookie that stays on HTTPS, and takes its word for where it comes from', async () => {
    using client = await nginx.open();
    const origin = nginx.url;
    const login = (headers: Record<string, string>) =>
      client.call({
        method: 'POST',
        path: '/login',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ token: server.token }),
      });
    const entered = await login({ origin });
    expect(entered.status).toBe(204);
    const cookie = String(entered.headers['set-cookie']);
    expect(cookie).toMatch(/^__Host-lifeline-\d+=.*; Secure$/);
    // What a client says of itself does not get through.
    expect((await login({ origin, 'x-forwarded-proto': 'http', forwarded: 'proto=http' })).status).toBe(204);
    expect((await login({ origin: origin.replace('https', 'http') })).status).toBe(403);
    const page = await client.call({
      method: 'GET',
      path: '/',
      headers: { cookie: cookie.split(';')[0]!, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    });
    expect(page.status).toBe(200);
  });

  it.each(['/events', '/graphql'])('gives every line of %s when it is written', async (door) => {
    const { jobId, release } = await steppingJob();
    using client = await nginx.open();
    const stream = client.stream(callOf(door, jobId));
    let received = '';
    stream.setEncoding('utf8').on('data', (text: string) => (received += text));
    await untilTrue(() => received.includes('first'), { what: 'the first line, while the job runs' });
    expect(received).not.toContain('last');
    release();
    if (!stream.closed) await once(stream, 'close');
    expect(received).toMatch(/last[^]*(log\.done|LogDone)/);
    await untilOver(server, jobId);
  });

  it('gives the log of a job, whole and in part, and keeps the names that the server answers to', async () => {
    const { jobId, release } = await steppingJob();
    release();
    await untilOver(server, jobId);
    using client = await nginx.open();
    const get = (path: string, headers: Record<string, string> = {}) =>
      client.call({ method: 'GET', path, headers: { ...server.authorization, ...headers } });
    expect((await get(`/jobs/${jobId}/log`)).body).toBe('first\nlast\n');
    const part = await get(`/jobs/${jobId}/log?stream=stdout`, { range: 'bytes=6-' });
    expect([part.status, part.body]).toEqual([206, 'last\n']);
    expect((await get('/readyz')).status).toBe(200);
    const foreign = await get('/readyz', { ':authority': 'evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.body).toContain('FORBIDDEN');
  });

  it.each([
    ['reset their streams', false],
    ['are cut off', true],
  ])('lets readers go that %s', async (_how, cutsConnection) => {
    const { jobId, release } = await steppingJob();
    using client = await nginx.open();
    const streams = Array.from({ length: READERS }, (_, index) =>
      client.stream(callOf(index % 2 === 0 ? '/events' : '/graphql', jobId)).resume(),
    );
    await untilTrue(async () => (await server.counters()).subscribers === READERS);
    if (cutsConnection) client.connection.destroy();
    else for (const stream of streams) stream.close();
    await untilTrue(async () => (await server.counters()).subscribers === 0, { limitMs: 5_000 });
    release();
    await untilOver(server, jobId);
  });
});

function callOf(door: string, jobId: string) {
  const headers = { ...server.authorization, accept: 'text/event-stream' };
  if (door === '/events') return { method: 'GET', path: `/events?job_id=${jobId}&after=0`, headers };
  const query = `subscription { jobLogs(jobId: "${jobId}") { __typename ... on LogLines { lines { text } } } }`;
  return {
    method: 'POST',
    path: '/graphql',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  };
}
