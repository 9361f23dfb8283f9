import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Harness, TestStore, until } from './harness.ts';
import { readEvents } from './sse.ts';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start(store);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  expect(harness.faults).toEqual([]);
});

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const text = (from: number, to: number): string =>
  numbers(from, to)
    .map((n) => `line ${String(n)}\n`)
    .join('');

describe('GET /events', () => {
  it('replays from a cursor, goes on live, and ends with log.done', async () => {
    const job = await harness.runningJob();
    await job.write(text(1, 3));
    const response = await harness.fetch(`/events?job_id=${String(job.id)}&after=1`);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const reading = readEvents(response);
    await until(() => harness.subscribers === 1);
    await job.write('oops\n', 'STDERR');
    await job.write('lone\rcarriage return, "quotes" and \u2028\n');
    await job.end();
    const events = await reading;
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ['log.line', '2'],
      ['log.line', '3'],
      ['log.line', '4'],
      ['log.line', '5'],
      ['log.done', '5/done'],
    ]);
    expect(JSON.parse(events[0]?.data ?? '')).toEqual({
      job_id: job.id,
      seq: 2,
      stream: 'stdout',
      line: 'line 2',
      at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/) as unknown,
    });
    expect(JSON.parse(events[2]?.data ?? '')).toMatchObject({ stream: 'stderr', line: 'oops' });
    expect(JSON.parse(events[3]?.data ?? '')).toMatchObject({
      line: 'lone\rcarriage return, "quotes" and \u2028',
    });
    expect(JSON.parse(events[4]?.data ?? '')).toEqual({
      job_id: job.id,
      status: 'SUCCEEDED',
      exit_code: 0,
      signal: null,
      reason: 'EXITED',
      last_seq: 5,
    });
  });

  it('is live only without a cursor: attached when the headers arrive, from the next line on', async () => {
    const job = await harness.runningJob();
    await job.write(text(1, 2));
    for (let round = 0; round < 20; round += 1) {
      const next = 3 + round;
      const response = await harness.fetch(`/events?job_id=${String(job.id)}`);
      await job.write(text(next, next));
      const [first] = await readEvents(response, (events) => events.length === 1);
      expect(first?.id).toBe(String(next));
    }
  });

  it('marks the pieces of a line', async () => {
    const job = await harness.runningJob();
    const reading = readEvents(await harness.fetch(`/events?job_id=${String(job.id)}&after=0`));
    await job.write(`${'x'.repeat(100_000)}\n`);
    await job.end();
    const pieces = (await reading)
      .slice(0, -1)
      .map(({ data }) => JSON.parse(data) as { line: string; continued?: boolean });
    expect(pieces.map(({ continued }) => continued)).toEqual([true, undefined]);
    expect(pieces.map(({ line }) => line).join('')).toBe('x'.repeat(100_000));
  });

  it('gives every reader every line once, whenever it came', async () => {
    const job = await harness.runningJob();
    const path = `/events?job_id=${String(job.id)}&after=0`;
    const before = harness.fetch(path).then((response) => readEvents(response));
    await job.write(text(1, 20_000));
    const during = harness.fetch(path).then((response) => readEvents(response));
    await job.write(text(20_001, 50_000));
    await job.end();
    const after = harness.fetch(path).then((response) => readEvents(response));
    for (const events of await Promise.all([before, during, after])) {
      expect(events.slice(0, -1).map(({ id }) => Number(id))).toEqual(numbers(1, 50_000));
      expect(events.at(-1)?.event).toBe('log.done');
    }
  });

  it('stops an EventSource that comes back after the end, and lets others resume', async () => {
    const job = await harness.runningJob();
    await job.write(text(1, 3));
    await job.end();
    const path = `/events?job_id=${String(job.id)}&after=0`;
    const again = await harness.fetch(path, { headers: { 'last-event-id': '3/done' } });
    expect([again.status, await again.text()]).toEqual([204, '']);
    const resumed = await readEvents(await harness.fetch(path, { headers: { 'last-event-id': '2' } }));
    expect(resumed.map(({ id }) => id)).toEqual(['3', '3/done']);
  });

  it('answers 404 without a cursor when the job is not active, and when there is none', async () => {
    const job = await harness.runningJob();
    await job.end();
    for (const id of [String(job.id), '999999', 'nonsense']) {
      const response = await harness.fetch(`/events?job_id=${id}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { message: `no active log stream for job ${id}` },
      });
    }
  });

  it('answers 404 with a cursor when there is no such job, and 400 for what is no cursor', async () => {
    const unknown = await harness.fetch('/events?job_id=999999&after=0');
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { code: 'JOB_NOT_FOUND' } }]);
    const job = await harness.runningJob();
    for (const cursor of ['-1', 'x', '1.5', '', '99999999999999999999']) {
      const response = await harness.fetch(`/events?job_id=${String(job.id)}&after=${cursor}`);
      expect([cursor, response.status]).toEqual([cursor, 400]);
    }
    expect((await harness.fetch('/events')).status).toBe(400);
    expect(harness.subscribers).toBe(0);
  });
});
