import { rmSync, symlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Harness, TestStore, type TestJob } from './harness.ts';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
let job: TestJob;
beforeEach(async () => {
  harness = await Harness.start(store);
  job = await harness.runningJob();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const download = (query: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  harness.fetch(`/jobs/${String(job.id)}/log?${query}`, { headers, method });

describe('GET /jobs/N/log?stream=', () => {
  it('gives the bytes exactly as they were written, also what is no text', async () => {
    const written = 'a\r\nb\rc\n\n\0\u00e9 no newline at the end';
    await job.write(written);
    const response = await download('stream=stdout');
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(written));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="job-${String(job.id)}.stdout.log"`,
      'content-length': String(Buffer.byteLength(written)),
      'accept-ranges': 'bytes',
      'lifeline-kept-from': '0',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=9-9', 206, '9', 'bytes 9-9/10'],
    ['bytes=10-', 416, undefined, 'bytes */10'],
    ['bytes=-0', 416, undefined, 'bytes */10'],
    ['bytes=5-4', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('answers Range: %s with %i', async (range, status, body, contentRange) => {
    await job.write('0123456789');
    const response = await download('stream=stdout', { range });
    expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
    const text = await response.text();
    if (body !== undefined) expect(text).toBe(body);
  });

  it('ignores a range that depends on a validator, and answers HEAD without a body', async () => {
    await job.write('0123456789', 'STDERR');
    expect((await download('stream=stderr', { range: 'bytes=0-1', 'if-range': '"x"' })).status).toBe(200);
    const head = await download('stream=stderr', {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
  });

  it('gives a log of many megabytes whole', async () => {
    const line = `${'y'.repeat(1_023)}\n`;
    for (let round = 0; round < 8; round += 1) await job.write(line.repeat(1_024));
    const response = await download('stream=stdout');
    expect((await response.text()) === line.repeat(8 * 1_024)).toBe(true);
  });

  it('does not follow a link that was put in the place of a log', async () => {
    const path = harness.directory.jobDirectory(job.id).logPath('STDERR');
    rmSync(path);
    symlinkSync('/etc/passwd', path);
    const response = await download('stream=stderr');
    expect(response.status).toBe(500);
    const answer = await response.text();
    expect(answer).toContain('INTERNAL');
    expect(answer).not.toContain('root:');
    expect(answer).not.toContain(path);
  });
});

describe('GET /jobs/N/log without a stream', () => {
  it('merges both by seq, as text and as jsonl', async () => {
    await job.write('one\ntwo\n');
    await job.write('err\n', 'STDERR');
    await job.write('three without newline');
    await job.end();
    const text = await download('');
    expect(await text.text()).toBe('one\ntwo\nerr\nthree without newline');
    expect(text.headers.get('accept-ranges')).toBe('none');
    expect(text.headers.get('content-disposition')).toBe(`attachment; filename="job-${String(job.id)}.log"`);
    const jsonl = await (await download('format=jsonl')).text();
    const lines = jsonl
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ seq, stream, text: line }) => [seq, stream, line])).toEqual([
      [1, 'STDOUT', 'one'],
      [2, 'STDOUT', 'two'],
      [3, 'STDERR', 'err'],
      [4, 'STDOUT', 'three without newline'],
    ]);
    expect(Object.keys(lines[0] ?? {})).toEqual([
      'seq',
      'stream',
      'text',
      'at',
      'atApproximate',
      'continued',
    ]);
  });

  it('puts the pieces of a long line together', async () => {
    const line = 'z'.repeat(200_000);
    await job.write(`${line}\nnext\n`);
    expect((await (await download('format=text')).text()) === `${line}\nnext\n`).toBe(true);
  });

  it('gives an empty body for a job that has written nothing', async () => {
    const response = await download('');
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect((await download('format=jsonl', {}, 'HEAD')).status).toBe(200);
  });
});

describe('what is asked wrongly', () => {
  it.each([
    ['/jobs/999999/log', 404],
    ['/jobs/999999/log?stream=stdout', 404],
    ['/jobs/0/log', 404],
    ['/jobs/..%2f..%2fetc/log?stream=stdout', 404],
    ['/jobs/1%00/log?stream=stdout', 404],
    ['/jobs/1/log?stream=passwd', 400],
    ['/jobs/1/log?stream=constructor', 400],
    ['/jobs/1/log?format=html', 400],
    ['/jobs/1/log?stream=stdout&format=jsonl', 400],
  ])('is refused: %s', async (path, status) => {
    const response = await harness.fetch(path);
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([status, ['error']]);
  });
});
