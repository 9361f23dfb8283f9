import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import { Harness, TestStore, until } from './harness.ts';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

/** Everything that came over a stream until it broke off or ended. */
async function readAll(response: Response): Promise<{ text: string; broken: boolean }> {
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}

describe('closing the server', () => {
  it('cuts open streams at once and without their end, so that clients resume', async () => {
    await using harness = await Harness.start(store);
    const job = await harness.runningJob();
    await job.write('line\n');
    const id = String(job.id);
    const readers: Promise<{ text: string; broken: boolean }>[] = [];
    for (let count = 0; count < 20; count += 1) {
      readers.push(harness.subscribe(`subscription { jobLogs(jobId: ${id}) { __typename } }`).then(readAll));
      readers.push(harness.subscribe(`subscription { jobChanged(jobId: ${id}) { status } }`).then(readAll));
      readers.push(harness.fetch(`/events?job_id=${id}&after=0`).then(readAll));
    }
    await until(() => harness.subscribers === 60);
    const startedAtMs = performance.now();
    await harness.server.close({ deadlineMs: 5_000 });
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    for (const { text, broken } of await Promise.all(readers)) {
      expect(broken).toBe(true);
      expect(text).not.toContain('complete');
      expect(text).not.toContain('log.done');
    }
    expect(harness.subscribers).toBe(0);
  });

  it('lets a request that has begun finish, and takes no new ones', async () => {
    let finish: (jobId: JobId) => void = () => undefined;
    const started = new Promise<JobId>((resolve) => {
      finish = resolve;
    });
    let isAsked = false;
    await using harness = await Harness.start(store, {
      services: (real) => ({
        ...real,
        supervisor: {
          ...real.supervisor,
          startJob: () => {
            isAsked = true;
            return started;
          },
        },
      }),
    });
    const { id } = await harness.runningJob();
    const answer = harness.graphql('mutation { startJob(input: { command: ["a"] }) { id } }');
    await until(() => isAsked);
    const closed = harness.server.close({ deadlineMs: 5_000 });
    await expect(harness.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish(id);
    expect(await answer).toEqual({ data: { startJob: { id: String(id) } } });
    await closed;
  });

  it('cuts what is not finished at the deadline, and is idempotent', async () => {
    let isAsked = false;
    await using harness = await Harness.start(store, {
      services: (real) => ({
        ...real,
        supervisor: {
          ...real.supervisor,
          startJob: () => {
            isAsked = true;
            return new Promise<JobId>(() => undefined);
          },
        },
      }),
    });
    const answer = harness
      .graphql('mutation { startJob(input: { command: ["a"] }) { id } }')
      .catch((error: unknown) => error);
    await until(() => isAsked);
    await Promise.all([harness.server.close({ deadlineMs: 50 }), harness.server.close({ deadlineMs: 50 })]);
    expect(await answer).toBeInstanceOf(TypeError);
  });

  it('closes connections on which nothing is asked', async () => {
    await using harness = await Harness.start(store);
    const socket = await harness.connect();
    const ended = new Promise((resolve) => socket.on('end', resolve).resume());
    await harness.server.close({ deadlineMs: 200 });
    await ended;
    socket.destroy();
  });
});
