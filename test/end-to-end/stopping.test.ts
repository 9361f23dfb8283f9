// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- somebody else who has the database open
import Sqlite from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  doneOf,
  downloadLog,
  followJob,
  JOB_LOGS,
  linesOf,
  logEvents,
  readWholeLog,
  startScript,
  tryStartJob,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { isRunning, residentBytes, signal } from './harness/processes.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import type { SseStream } from './harness/sse-stream.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
beforeEach(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

describe('a server that is stopped', () => {
  it('with 20 open streams cuts all of them in time, without complete, and leaves the job alone', async () => {
    const word = server.scratch.file('word');
    const jobId = await startScript(server, `echo one; until [ -e ${word} ]; do sleep 0.02; done; echo two`);
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    const streams: SseStream[] = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 3 === 0
          ? server.events(`/events?job_id=${jobId}&after=0`)
          : index % 3 === 1
            ? followJob(server, jobId, { heartbeatMs: 100 })
            : server.subscribe('subscription ($id: ID!) { jobChanged(jobId: $id) { status } }', {
                id: jobId,
              }),
      ),
    );
    for (const stream of streams) await stream.untilEvent(() => true);
    const sinceMs = performance.now();
    const ended = server.end('SIGTERM');
    for (const stream of streams) expect(await stream.untilEnded()).toBe('cut');
    expect(performance.now() - sinceMs).toBeLessThan(3_000);
    expect(await ended).toBe(0);
    for (const { events } of streams)
      expect(events.filter(({ event }) => event === 'complete' || event === 'log.done')).toEqual([]);
    expect(isRunning(pid!)).toBe(true);
    await server.launch();
    writeFileSync(word, '');
    expect((await readWholeLog(server, jobId)).lines.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('lets go in time whatever its readers do', { timeout: 60_000 }, async () => {
    const jobId = await startScript(
      server,
      'yes "a line that fills the buffers of those who do not read" | head -c 30000000; echo up >&2; exec sleep 600',
    );
    await untilTrue(async () => (await downloadLog(server, jobId, 'stderr')).length > 0);
    const head = `Host: 127.0.0.1:${String(server.port)}\r\nAuthorization: Bearer ${server.token}\r\n`;
    const query = JSON.stringify({ query: JOB_LOGS, variables: { jobId } });
    const requests = [
      `GET /events?job_id=${jobId}&after=0 HTTP/1.1\r\n${head}\r\n`,
      `POST /graphql HTTP/1.1\r\n${head}Content-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${String(query.length)}\r\n\r\n${query}`,
      `GET /jobs/${jobId}/log?stream=stdout HTTP/1.1\r\n${head}\r\n`,
      `GET /jobs/${jobId}/log HTTP/1.1\r\n${head}\r\n`,
      `GET /healthz HTTP/1.1\r\n${head}\r\n`,
      `POST /graphql HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
      'GET /events HTTP/1.1\r\nHos',
      '',
    ];
    const sockets = Array.from({ length: 200 }, (_, index) => {
      // Open at our end, whatever comes, and never read.
      const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined).pause();
      socket.write(requests[index % requests.length]!);
      return socket;
    });
    try {
      await untilTrue(async () => (await server.counters()).subscribers === 50);
      // 1, where something was not let go in time.
      expect(await server.end('SIGTERM')).toBe(0);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await server.launch();
    await server.ask('mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id } }', { id: jobId });
  });

  it(
    'ends in time while somebody else holds the database, and loses nothing by it',
    { timeout: 60_000 },
    async () => {
      const word = server.scratch.file('word');
      const jobId = await startScript(server, `until [ -e ${word} ]; do sleep 0.02; done; exit 5`);
      await untilStatus(server, jobId, 'RUNNING');
      const database = new Sqlite(join(server.dataDirectory, 'lifeline.db'));
      try {
        database.exec('BEGIN IMMEDIATE');
        writeFileSync(word, '');
        // The end is in the job's directory, and waits for the database.
        const steps = join(server.dataDirectory, 'jobs', jobId, 'transitions.jsonl');
        await untilTrue(() => readFileSync(steps, 'utf8').includes('"to":"FAILED"'));
        expect(await server.end('SIGTERM')).toBe(1);
        expect(server.stderr).toContain('the stop took too long');
      } finally {
        database.close();
      }
      await server.launch();
      expect((await readWholeLog(server, jobId)).job).toMatchObject({ status: 'FAILED', exitCode: 5 });
    },
  );

  it('by a second signal ends at once, and leaves the job alone', async () => {
    const jobId = await startScript(server, 'trap "" TERM; echo up; while :; do sleep 0.1; done');
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    signal(server.pid, 'SIGTERM');
    signal(server.pid, 'SIGTERM');
    await untilTrue(() => !server.running);
    expect(isRunning(pid!)).toBe(true);
    await server.launch();
    await server.ask('mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id } }', { id: jobId });
  });

  it('takes no new work that it would not keep', async () => {
    const answers = Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        tryStartJob(server, { script: `echo ${String(index)}`, requestId: `r${String(index)}` }).catch(
          () => undefined,
        ),
      ),
    );
    await server.end('SIGTERM');
    const accepted = (await answers).flatMap((answer) => answer?.data?.startJob.id ?? []);
    await server.launch();
    for (const jobId of accepted) expect((await readWholeLog(server, jobId)).job.status).toBe('SUCCEEDED');
  });
});

describe('a reader that does not read', () => {
  it(
    'costs the server little, delays nobody, and gets everything when it reads again',
    { timeout: 120_000 },
    async () => {
      const lines = 600_000;
      const word = server.scratch.file('word');
      const jobId = await startScript(
        server,
        `until [ -e ${word} ]; do sleep 0.02; done; yes 'a line of some sixty characters that is long enough to count' | head -n ${String(lines)}`,
      );
      const stalled = await Promise.all([
        ...Array.from({ length: 5 }, () => followJob(server, jobId)),
        ...Array.from({ length: 5 }, () => server.events(`/events?job_id=${jobId}&after=0`)),
      ]);
      try {
        for (const stream of stalled) stream.pause();
        const before = residentBytes(server.pid);
        writeFileSync(word, '');
        using brisk = await server.events(`/events?job_id=${jobId}&after=${String(lines - 10)}`);
        expect(await brisk.untilEnded({ limitMs: 60_000 })).toBe('end');
        expect(brisk.events.at(-1)).toMatchObject({ event: 'log.done', id: `${String(lines)}/done` });
        // As queues, the ten would hold some 900 MB.
        expect(residentBytes(server.pid) - before).toBeLessThan(300_000_000);
        const [reader] = stalled;
        for (const stream of stalled.slice(1)) stream[Symbol.dispose]();
        reader!.resume();
        expect(await reader!.untilEnded({ limitMs: 60_000 })).toBe('end');
        const events = logEvents(reader!);
        expect(sequenceOf(linesOf(events))).toBe(`1..${String(lines)} once`);
        expect(doneOf(events).job.status).toBe('SUCCEEDED');
      } finally {
        for (const stream of stalled) stream[Symbol.dispose]();
      }
    },
  );

  it('because it is stopped holds up neither the job nor the others, and goes on when it is woken', async () => {
    const lines = 200_000;
    const output = server.scratch.file('curl');
    const word = server.scratch.file('word');
    const jobId = await startScript(
      server,
      `until [ -e ${word} ]; do sleep 0.02; done; seq 1 ${String(lines)}`,
    );
    const curl = spawn('curl', [
      '-sSN',
      '-H',
      `Authorization: Bearer ${server.token}`,
      '-o',
      output,
      `${server.url}/events?job_id=${jobId}&after=0`,
    ]);
    try {
      await untilTrue(async () => (await server.counters()).subscribers === 1);
      curl.kill('SIGSTOP');
      writeFileSync(word, '');
      const { lines: read } = await readWholeLog(server, jobId);
      expect(sequenceOf(read)).toBe(`1..${String(lines)} once`);
      const exited = once(curl, 'exit');
      curl.kill('SIGCONT');
      expect(await exited).toEqual([0, null]);
      const ids = [...readFileSync(output, 'utf8').matchAll(/^id: (\S+)$/gm)].map(([, id]) => id);
      expect(ids.at(-1)).toBe(`${String(lines)}/done`);
      expect(sequenceOf(ids.slice(0, -1).map((id) => ({ seq: Number(id) })))).toBe(
        `1..${String(lines)} once`,
      );
    } finally {
      curl.kill('SIGKILL');
    }
  });
});
