import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProbeAction } from '../../../src/domain/service-definition.ts';
import { LogEventBus } from '../../../src/logs/log-event-bus.ts';
import { tryProbe } from '../../../src/supervisor/services/probe-attempt.ts';
import type { ProbeResult } from '../../../src/supervisor/services/probed-job.ts';
import { isRunning, processesMentioning } from '../../end-to-end/harness/processes.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { makeCertificate } from '../../http/certificate.ts';
import { checkLeaks } from '../../logs/leak-check.ts';
import { ProbeJob } from './probe-job.ts';

let bus = new LogEventBus();
beforeEach(() => {
  bus = new LogEventBus();
});
checkLeaks(() => bus);

async function attempt(action: ProbeAction, signal = new AbortController().signal): Promise<ProbeResult> {
  using job = new ProbeJob(bus);
  return await tryProbe(action, job.probed(), signal);
}

async function listening(server: Server | TcpServer): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

const exec = (script: string): ProbeAction => ({ kind: 'EXEC', command: ['sh', '-c', script] });

describe('a probe that runs a program', () => {
  it('says yes where the exit code is 0, in the directory and environment of the job', async () => {
    expect(await attempt(exec('[ "$PWD" = "$SCRATCH" ] && echo all is well'))).toEqual({
      isOk: true,
      message: 'sh: It ended with exit code 0: all is well',
    });
  });

  it('says no otherwise, with the last line that the program wrote', async () => {
    expect(await attempt(exec('echo first; echo no database >&2; exit 3'))).toEqual({
      isOk: false,
      message: 'sh: It ended with exit code 3: no database',
    });
  });

  it('says no where there is no such program', async () => {
    const { isOk, message } = await attempt({ kind: 'EXEC', command: ['no-such-program'] });
    expect([isOk, message]).toEqual([false, 'no-such-program: It could not be started (ENOENT).']);
  });

  it('kills the program and its whole group when the try is given up', async () => {
    using job = new ProbeJob(bus);
    const aborted = new AbortController();
    const action = exec('trap "" TERM; sleep 1000 & echo $! >child; wait');
    const result = tryProbe(action, job.probed(), aborted.signal);
    const child = await untilTrue(() => Number(readFileSync(`${job.scratch.root}/child`, 'utf8')));
    aborted.abort();
    expect((await result).isOk).toBe(false);
    await untilTrue(() => !isRunning(child) && processesMentioning(job.scratch.root).length === 0);
  });

  it('leaves nothing running that its program has left in its group', async () => {
    using job = new ProbeJob(bus);
    expect(await tryProbe(exec('sleep 1000 &'), job.probed(), new AbortController().signal)).toMatchObject({
      isOk: true,
    });
    await untilTrue(() => processesMentioning(job.scratch.root).length === 0);
  });

  it('kills a program that writes without end, and keeps nothing of it', async () => {
    expect(await attempt(exec('yes'))).toEqual({
      isOk: false,
      message: 'sh: It wrote more than 1048576 bytes, and was killed.',
    });
  });
});

describe('a probe by HTTP', () => {
  it.each([
    [200, null, true],
    [302, null, true],
    [404, null, false],
    [503, null, false],
    [503, 503, true],
    [200, 204, false],
  ])('takes the answer %i, where %s is wanted, for %s', async (status, wanted, isOk) => {
    await using server = await listening(
      createServer((_request, response) => {
        response.writeHead(status, { location: 'http://127.0.0.1:1/elsewhere' }).end('x'.repeat(300_000));
      }),
    );
    const url = `http://127.0.0.1:${String(server.port)}/health?secret=word`;
    const result = await attempt({ kind: 'HTTP', url, status: wanted });
    expect(result.isOk).toBe(isOk);
    expect(result.message).toContain(`/health: it answered ${String(status)}`);
    expect(result.message).not.toContain('secret');
  });

  it('says no where nobody listens', async () => {
    const { port } = await (async () => {
      await using server = await listening(createServer());
      return { port: server.port };
    })();
    const result = await attempt({ kind: 'HTTP', url: `http://localhost:${String(port)}/`, status: null });
    expect(result).toMatchObject({ isOk: false });
    expect(result.message).toContain('nobody listens there (ECONNREFUSED)');
  });

  it('refuses a certificate that is signed by itself, and says so', async () => {
    const { certificate: cert, key } = await makeCertificate();
    await using server = await listening(createTlsServer({ cert, key }));
    const result = await attempt({
      kind: 'HTTP',
      url: `https://127.0.0.1:${String(server.port)}/`,
      status: null,
    });
    expect(result).toMatchObject({ isOk: false });
    expect(result.message).toContain('its certificate is refused, for it is signed by itself');
  });

  it('lets go of its connection at once when the try is given up', async () => {
    const server = createServer();
    await using place = await listening(server);
    const aborted = new AbortController();
    const url = `http://127.0.0.1:${String(place.port)}/`;
    const result = attempt({ kind: 'HTTP', url, status: null }, aborted.signal);
    const [request] = (await once(server, 'request')) as [NodeJS.EventEmitter];
    request.on('error', () => undefined);
    const cut = new Promise((resolve) => request.once('close', resolve));
    aborted.abort();
    expect((await result).isOk).toBe(false);
    await cut;
  });
});

describe('a probe by TCP', () => {
  it('says yes where a connection is taken, and no where nobody listens', async () => {
    let port = 0;
    {
      await using server = await listening(createTcpServer((socket) => socket.resume()));
      ({ port } = server);
      expect(await attempt({ kind: 'TCP', host: '127.0.0.1', port })).toEqual({
        isOk: true,
        message: `127.0.0.1:${String(port)}: it takes connections.`,
      });
    }
    expect(await attempt({ kind: 'TCP', host: 'localhost', port })).toMatchObject({
      isOk: false,
      message: `localhost:${String(port)}: nobody listens there (ECONNREFUSED).`,
    });
  });
});

describe('a probe by a pattern of the log', () => {
  const pattern = (text: string): ProbeAction => ({ kind: 'LOG', pattern: text, stream: 'STDOUT' });

  it('finds a line that was written before, on the stream that it is to look at', async () => {
    using job = new ProbeJob(bus);
    job.writer.write('STDERR', 50);
    job.writer.write('STDOUT', 50);
    const { signal } = new AbortController();
    expect(await tryProbe(pattern('^(7|7.)$'), job.probed(), signal)).toEqual({
      isOk: true,
      message: 'Line 70 of its log matches.',
    });
  });

  it('finds a line that comes later', async () => {
    using job = new ProbeJob(bus);
    const result = tryProbe(pattern('^12$'), job.probed(), new AbortController().signal);
    for (let line = 0; line < 20; line++) {
      job.writer.write('STDOUT', 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await result).toMatchObject({ isOk: true, message: 'Line 12 of its log matches.' });
  });

  it('says no at the end of a log without such a line', async () => {
    using job = new ProbeJob(bus);
    job.writer.write('STDOUT', 10);
    const result = tryProbe(pattern('ready'), job.probed(), new AbortController().signal);
    job.channel[Symbol.dispose]();
    expect(await result).toMatchObject({ isOk: false });
  });

  it('lets go of the log when the try is given up', async () => {
    using job = new ProbeJob(bus);
    const aborted = new AbortController();
    const result = tryProbe(pattern('ready'), job.probed(), aborted.signal);
    await untilTrue(() => bus.subscribers === 1);
    aborted.abort();
    expect(bus.subscribers).toBe(0);
    expect((await result).isOk).toBe(false);
  });
});
