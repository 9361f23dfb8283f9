import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cancelJob, startScript, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import type { SseStream } from './harness/sse-stream.ts';
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

let words = 0;
/** A script that goes on to its next part whenever the next word is given. */
function scriptInParts(...parts: string[]) {
  const files = parts.slice(1).map(() => server.scratch.file(`word-${String(++words)}`));
  const script = parts
    .map((part, index) =>
      index === 0 ? part : `until [ -e ${files[index - 1]!} ]; do sleep 0.02; done; ${part}`,
    )
    .join('; ');
  return {
    script,
    next: () => {
      writeFileSync(
        files.find((file) => !existsSync(file))!,
        '',
      );
    },
  };
}

function linesIn(stream: SseStream): unknown[] {
  return stream.events.flatMap(({ event, data }) =>
    event === 'log.line' ? [(JSON.parse(data) as { line: string }).line] : [],
  );
}

describe('curl -N on /events', () => {
  it('prints lines as they happen, and the end after a cancel; then there is no active log stream', async () => {
    const { script, next } = scriptInParts(
      'echo before',
      'echo one; echo two >&2',
      'echo three; exec sleep 1000',
    );
    const jobId = await startScript(server, script);
    await untilStatus(server, jobId, 'RUNNING');
    await untilTrue(async () => (await server.call({ path: `/jobs/${jobId}/log` })).text === 'before\n');
    const url = `${server.url}/events?job_id=${jobId}`;
    const curl = spawn('curl', ['-sSN', '-H', `Authorization: Bearer ${server.token}`, '-i', url]);
    let output = '';
    curl.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    try {
      await untilTrue(() => output.includes('\r\n\r\n'));
      expect(output).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(output.toLowerCase()).toContain('content-type: text/event-stream');
      expect(output.toLowerCase()).toContain('x-accel-buffering: no');
      next();
      await untilTrue(() => output.includes('"line":"one"') && output.includes('"line":"two"'));
      expect(output).not.toContain('three');
      expect(output).not.toContain('"before"');
      next();
      await untilTrue(() => output.includes('"line":"three"'));
      expect(output).not.toContain('log.done');
      const ended = once(curl, 'exit');
      await cancelJob(server, jobId);
      expect(await ended).toEqual([0, null]);
      const blocks = output.slice(output.indexOf('\r\n\r\n') + 4).split('\n\n');
      expect(blocks.filter((block) => block.includes('log.done'))).toHaveLength(1);
      expect(blocks.at(-2)).toMatch(/^event: log\.done\nid: 4\/done\ndata: \{.*\}$/);
      expect(JSON.parse(/^data: (.*)$/m.exec(blocks.at(-2)!)![1]!)).toEqual({
        job_id: Number(jobId),
        status: 'CANCELLED',
        reason: 'CANCEL_REQUESTED',
        exit_code: 143,
        signal: 'SIGTERM',
        last_seq: 4,
      });
    } finally {
      curl.kill('SIGKILL');
    }
    const again = await server.call({ path: `/events?job_id=${jobId}` });
    expect(again.status).toBe(404);
    expect(again.text).toContain(`no active log stream for job ${jobId}`);
  });
});

describe('an EventSource', () => {
  it('that comes back with its last id goes on after it, and after the end it is told to stop', async () => {
    const { script, next } = scriptInParts('seq 1 10', 'seq 11 20; exit 4');
    const jobId = await startScript(server, script);
    const path = `/events?job_id=${jobId}&after=0`;
    let lastId: string | undefined;
    {
      using first = await server.events(path);
      lastId = (await first.untilEvent(({ id }) => id === '7')).id;
    }
    // The id that it sends wins over the cursor in the URL, which stays the same.
    using second = await server.events(path, { 'last-event-id': lastId! });
    next();
    expect(await second.untilEnded()).toBe('end');
    expect(linesIn(second)).toEqual(Array.from({ length: 13 }, (_, index) => String(index + 8)));
    const end = second.events.at(-1)!;
    expect(end).toMatchObject({ event: 'log.done', id: '20/done' });
    expect(await server.call({ path, headers: { 'last-event-id': end.id! } })).toMatchObject({
      status: 204,
      text: '',
    });
  });

  it('replays a finished job from its cursor, and nothing but the end after its last line', async () => {
    const jobId = await startScript(server, 'seq 1 3; exit 1');
    await untilOver(server, jobId);
    for (const [after, lines] of [
      [0, ['1', '2', '3']],
      [2, ['3']],
      [3, []],
      [50, []],
    ] as const) {
      using stream = await server.events(`/events?job_id=${jobId}&after=${String(after)}`);
      expect(await stream.untilEnded()).toBe('end');
      expect(linesIn(stream)).toEqual(lines);
      expect(stream.events.at(-1)).toMatchObject({ event: 'log.done', id: '3/done' });
      expect(JSON.parse(stream.events.at(-1)!.data)).toMatchObject({
        status: 'FAILED',
        exit_code: 1,
        signal: null,
      });
    }
  });

  it.each([
    ['without a job', '/events', 400],
    ['with a job that is no number', '/events?job_id=x', 404],
    ['with an unknown job', '/events?job_id=999999', 404],
    ['with an unknown job and a cursor', '/events?job_id=999999&after=0', 404],
    ['with a cursor that is none', '/events?job_id=1&after=x', 400],
    ['with a negative cursor', '/events?job_id=1&after=-1', 400],
    ['with a path as job', '/events?job_id=../../etc/passwd&after=0', 404],
  ])('%s is answered with an error', async (_what, path, status) => {
    const answer = await server.call({ path });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).not.toContain('text/event-stream');
  });
});

describe('the log of a job as a file', () => {
  it('is its bytes exactly, whole or in ranges, while it grows and when it is complete', async () => {
    const { script, next } = scriptInParts('printf "ab\\377\\n\\000c\\r\\n"', 'printf "tail"');
    const jobId = await startScript(server, script);
    const path = `/jobs/${jobId}/log?stream=stdout`;
    const head = Buffer.from('ab\xff\n\0c\r\n', 'latin1');
    await untilTrue(async () => (await server.call({ path })).body.equals(head));
    next();
    await untilOver(server, jobId);
    const all = Buffer.concat([head, Buffer.from('tail')]);
    const whole = await server.call({ path });
    expect(whole.body.equals(all)).toBe(true);
    expect(whole.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'content-length': '12',
    });
    expect(whole.headers['content-disposition']).toMatch(/^attachment/);
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=3-', 3, 12],
      ['bytes=-4', 8, 12],
      ['bytes=5-100', 5, 12],
    ] as const) {
      const part = await server.call({ path, headers: { range } });
      expect(part.status).toBe(206);
      expect(part.body.equals(all.subarray(start, end))).toBe(true);
      expect(part.headers['content-range']).toBe(`bytes ${String(start)}-${String(end - 1)}/12`);
    }
    expect((await server.call({ path, headers: { range: 'bytes=12-' } })).status).toBe(416);
    expect(await server.call({ path, method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it.each([
    '/jobs/999999/log',
    '/jobs/..%2f..%2fetc%2fpasswd/log?stream=stdout',
    '/jobs/1%00/log',
    '/jobs/-1/log?stream=stderr',
    '/jobs/0/log',
  ])('of no job is not there: %s', async (path) => {
    expect((await server.call({ path })).status).toBe(404);
  });
});
