import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { changeDatabase } from './harness/between-lives.ts';
import { cancelJob, startJob, tryStartJob, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';

let server: LifelineServer;
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

interface QueuedView {
  readonly status: string;
  readonly priority: number;
  readonly concurrencyKey: string | null;
  readonly concurrencyLimit: number;
  readonly queue: { readonly position: number; readonly reason: string; readonly message: string } | null;
}

async function look(jobId: string): Promise<QueuedView> {
  const { job } = await server.ask<{ job: QueuedView }>(
    `query ($jobId: ID!) { job(id: $jobId) {
       status priority concurrencyKey concurrencyLimit queue { position reason message } } }`,
    { jobId },
  );
  return job;
}

/** The jobs of one test: each writes its name when it begins, and some wait for a word before they end. */
class Jobs {
  readonly #journal = server.scratch.file('journal');

  async start(name: string, terms: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return startJob(server, { script: `echo ${name} >>${this.#journal}`, ...terms });
  }

  /** Runs until `end` is called with the name. */
  async startLong(name: string, terms: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const script = `echo ${name} >>${this.#journal}; until [ -e ${this.#word(name)} ]; do sleep 0.02; done`;
    return startJob(server, { script, ...terms });
  }

  end(name: string): void {
    writeFileSync(this.#word(name), '');
  }

  /** In the order in which they began. */
  begun(): string[] {
    return readFileSync(this.#journal, 'utf8').trim().split('\n');
  }

  #word(name: string): string {
    return server.scratch.file(`end-${name}`);
  }
}

async function allSucceed(jobIds: readonly string[]): Promise<void> {
  for (const jobId of jobIds) expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
}

describe('jobs that wait', () => {
  it('go by priority, and of equals the oldest first, and say where they stand', async () => {
    server = await LifelineServer.start({ args: ['--max-running', '1'] });
    const jobs = new Jobs();
    const running = await jobs.startLong('running');
    const low = await jobs.start('low', { priority: -100 });
    const [first, second] = [await jobs.start('first'), await jobs.start('second')];
    expect((await look(first)).queue?.position).toBe(1);
    const high = await jobs.start('high', { priority: 100 });
    const places = await Promise.all([high, first, second, low].map(async (id) => (await look(id)).queue));
    const full = '1 job runs, and --max-running allows 1.';
    expect(places).toEqual([
      { position: 1, reason: 'SERVER_LIMIT', message: `Waits for a place: ${full}` },
      {
        position: 2,
        reason: 'AHEAD_IN_QUEUE',
        message: `Waits for a place behind 1 job that waits: ${full}`,
      },
      { position: 3, reason: 'AHEAD_IN_QUEUE', message: expect.stringContaining('2 jobs') as string },
      { position: 4, reason: 'AHEAD_IN_QUEUE', message: expect.stringContaining('3 jobs') as string },
    ]);
    expect((await look(running)).queue).toBeNull();
    jobs.end('running');
    await allSucceed([running, low, first, second, high]);
    expect(jobs.begun()).toEqual(['running', 'high', 'first', 'second', 'low']);
    expect((await look(high)).queue).toBeNull();
  });

  it('for a concurrency key are passed by others, and go when a holder ends or is cancelled', async () => {
    server = await LifelineServer.start({ args: ['--max-running', '8'] });
    const jobs = new Jobs();
    const key = { concurrencyKey: 'deploy the "site"' };
    const pair = { concurrencyKey: 'pair', concurrencyLimit: 2 };
    const holder = await jobs.startLong('holder', key);
    const next = await jobs.startLong('next', { ...key, priority: 1 });
    const last = await jobs.start('last', { ...key, priority: 1 });
    const pairs = [await jobs.startLong('one', pair), await jobs.startLong('two', pair)];
    const third = await jobs.start('third', pair);
    await allSucceed([await jobs.start('free')]);
    expect(await look(next)).toEqual({
      status: 'QUEUED',
      priority: 1,
      ...key,
      concurrencyLimit: 1,
      queue: {
        position: 1,
        reason: 'CONCURRENCY_LIMIT',
        message: `Waits for job ${holder}, which holds the key "deploy the \\"site\\"" (limit 1).`,
      },
    });
    expect((await look(third)).queue).toEqual({
      position: 3,
      reason: 'CONCURRENCY_LIMIT',
      message: `Waits for job ${pairs[0]!} and job ${pairs[1]!}, which hold the key "pair" (limit 2).`,
    });

    await cancelJob(server, holder, 0);
    await untilStatus(server, next, 'RUNNING');
    expect((await look(last)).queue?.message).toContain(`job ${next},`);
    await cancelJob(server, last);
    jobs.end('next');
    jobs.end('two');
    await allSucceed([next, third, pairs[1]!]);
    jobs.end('one');
    await allSucceed([await jobs.start('after', key), pairs[0]!]);
    expect(jobs.begun()).not.toContain('last');
    expect((await untilOver(server, last)).status).toBe('CANCELLED');
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'keep priority, order and key over a restart by %s, and adopted jobs hold theirs',
    { timeout: 120_000 },
    async (signal) => {
      server = await LifelineServer.start({ args: ['--max-running', '2'] });
      const jobs = new Jobs();
      const key = { concurrencyKey: 'deploy' };
      const holder = await jobs.startLong('holder', key);
      const other = await jobs.startLong('other');
      const started = [
        await jobs.start('low', { priority: -1 }),
        await jobs.start('held', { ...key, priority: 50 }),
        await jobs.start('first'),
        await jobs.start('second'),
        await jobs.start('high', { priority: 7 }),
      ];
      await untilStatus(server, holder, 'RUNNING');
      await untilStatus(server, other, 'RUNNING');
      const before = await Promise.all(started.map(look));
      await server.end(signal);
      // Of one there is the directory alone: it has its place all the same.
      changeDatabase(server, `DELETE FROM Job WHERE id = ${started[4]!}`);
      await server.launch();
      expect(await Promise.all(started.map(look))).toEqual(before);
      expect(before.map(({ queue }) => queue?.position)).toEqual([5, 1, 3, 4, 2]);
      expect(before[1]?.queue?.message).toContain(`job ${holder},`);
      jobs.end('other');
      await allSucceed([other, started[4]!, started[2]!, started[3]!, started[0]!]);
      expect((await look(started[1]!)).queue?.reason).toBe('CONCURRENCY_LIMIT');
      jobs.end('holder');
      await allSucceed([holder, started[1]!]);
      expect(jobs.begun().slice(2)).toEqual(['high', 'first', 'second', 'low', 'held']);
    },
  );
});

describe('a rerun', () => {
  it('has the priority and the key of the job that it repeats, unless they are changed', async () => {
    server = await LifelineServer.start();
    const first = await startJob(server, {
      script: 'exit 0',
      priority: 3,
      concurrencyKey: 'deploy',
      concurrencyLimit: 2,
    });
    await untilOver(server, first);
    const rerun = async (changes: Readonly<Record<string, unknown>>): Promise<QueuedView> => {
      const { rerunJob } = await server.ask<{ rerunJob: { id: string } }>(
        'mutation ($jobId: ID!, $changes: RerunJobInput) { rerunJob(jobId: $jobId, changes: $changes) { id } }',
        { jobId: first, changes },
      );
      await untilOver(server, rerunJob.id);
      return look(rerunJob.id);
    };
    expect(await rerun({})).toMatchObject({ priority: 3, concurrencyKey: 'deploy', concurrencyLimit: 2 });
    expect(await rerun({ priority: -1, concurrencyKey: 'other', concurrencyLimit: 5 })).toMatchObject({
      priority: -1,
      concurrencyKey: 'other',
      concurrencyLimit: 5,
    });
  });
});

describe('a request for a place', () => {
  it('that makes no sense is refused with the field, and a repeat with another priority is a conflict', async () => {
    server = await LifelineServer.start();
    for (const [field, value] of [
      ['priority', 101],
      ['concurrencyLimit', 0],
      ['concurrencyKey', ''],
    ] as const) {
      const { errors } = await tryStartJob(server, { script: 'exit 0', [field]: value });
      expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field });
    }
    const input = { script: 'exit 0', requestId: 'once', priority: 1 };
    const jobId = await startJob(server, input);
    expect(await startJob(server, input)).toBe(jobId);
    const { errors } = await tryStartJob(server, { ...input, priority: 2 });
    expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT' });
    await untilOver(server, jobId);
  });
});
