import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { changeDatabase, jobFile } from './harness/between-lives.ts';
import { startJob, startScript, tryStartJob, untilOver } from './harness/jobs.ts';
import { LifelineServer, type ServerOptions } from './harness/lifeline-server.ts';
import { orderService, saveService, stopAll } from './harness/services.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

interface RetentionView {
  readonly removedJobs: number;
  readonly removedBytes: number;
  readonly lastRunAt: string | null;
  readonly kept: { readonly jobs: number; readonly bytes: number };
  readonly pinned: { readonly jobs: number; readonly bytes: number };
}

/** With rules under which the job of the start, which is always there, goes at the first look. */
async function start(...args: readonly string[]): Promise<void> {
  const options: ServerOptions = { args };
  server = await LifelineServer.start(options);
}

async function retention(): Promise<RetentionView> {
  const query =
    '{ server { retention { removedJobs removedBytes lastRunAt kept { jobs bytes } pinned { jobs bytes } } } }';
  return (await server.ask<{ server: { retention: RetentionView } }>(query)).server.retention;
}

/** Starts the server again, and waits until it has looked at its history. */
async function lookAgain(): Promise<RetentionView> {
  await server.restart();
  return untilTrue(
    async () => {
      const view = await retention();
      return view.lastRunAt !== null && view;
    },
    { what: 'a run of retention' },
  );
}

async function jobIds(): Promise<string[]> {
  const { jobs } = await server.ask<{ jobs: { edges: { node: { id: string } }[] } }>(
    '{ jobs { edges { node { id } } } }',
  );
  return jobs.edges.map(({ node }) => node.id);
}

function directories(): string[] {
  return readdirSync(join(server.dataDirectory, 'jobs')).sort((a, b) => Number(b) - Number(a));
}

async function finished(
  input: Readonly<Record<string, unknown>> = { script: 'echo a line' },
): Promise<string> {
  const id = await startJob(server, input);
  await untilOver(server, id);
  return id;
}

async function pin(jobId: string, pinned: boolean): Promise<void> {
  await server.ask(
    'mutation ($id: ID!, $pinned: Boolean!) { setJobPinned(jobId: $id, pinned: $pinned) { pinned } }',
    {
      id: jobId,
      pinned,
    },
  );
}

describe('the retention of finished jobs', () => {
  it('by count keeps the newest, takes row and directory of the others, and says what it took', async () => {
    await start('--retain-jobs', '2');
    const ids = [await finished(), await finished(), await finished()];
    const running = await startScript(server, 'exec sleep 1000');
    const { removedJobs, removedBytes, kept } = await lookAgain();
    expect(await jobIds()).toEqual([running, ids[2], ids[1]]);
    expect(directories()).toEqual([running, ids[2], ids[1]]);
    // The job with which the harness warms the server up is the other one.
    expect(removedJobs).toBe(2);
    expect(removedBytes).toBeGreaterThan(0);
    expect(kept.jobs).toBe(2);
    expect(server.stderr).toContain('"msg":"retention removed finished jobs"');
    await server.ask('mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id } }', {
      id: running,
    });
    await untilOver(server, running);
  });

  it('by age and by bytes goes by when a job ended, and by what it takes on the disk', async () => {
    await start('--retain-bytes', '6MiB');
    const [first, second] = [
      await finished({ script: 'head -c 5000000 /dev/zero' }),
      await finished({ script: 'head -c 5000000 /dev/zero' }),
    ];
    const { job } = await server.ask<{ job: { allocatedBytes: number } }>(
      'query ($id: ID!) { job(id: $id) { allocatedBytes } }',
      { id: second },
    );
    expect(job.allocatedBytes).toBeGreaterThan(5_000_000);
    const { kept } = await lookAgain();
    expect(kept.bytes).toBeLessThan(6 * 2 ** 20);
    expect(await jobIds()).toEqual([second]);
    expect(existsSync(jobFile(server, first))).toBe(false);
    await server.end('SIGTERM');
    changeDatabase(
      server,
      `UPDATE "Job" SET "finishedAt" = '2020-01-01T00:00:00.000+00:00' WHERE "id" = ${second}`,
    );
    await server.launch();
    await untilTrue(async () => (await jobIds()).length === 0, { what: 'an old job to go' });
  });

  it('leaves alone what is pinned, what a repeat of its request shall find, and the job that kept a service up', async () => {
    await start('--retain-jobs', '1');
    const pinned = await finished();
    await pin(pinned, true);
    const requested = await finished({ script: 'true', requestId: 'mine' });
    await saveService(server, { name: 'once', script: 'exit 0', restart: { policy: 'NEVER' } });
    await orderService(server, 'startService', 'once');
    const ofService = await untilTrue(
      async () => {
        const { service } = await server.ask<{ service: { state: string; currentJob: { id: string } } }>(
          '{ service(name: "once") { state currentJob { id } } }',
        );
        return service.state === 'SUCCEEDED' && service.currentJob.id;
      },
      { what: 'the end of the service' },
    );
    const newest = [await finished(), await finished()];
    const view = await lookAgain();
    expect(await jobIds()).toEqual([ofService, requested, pinned]);
    expect(view.pinned.jobs).toBe(1);
    const { data } = await tryStartJob(server, { script: 'true', requestId: 'mine' });
    expect(data?.startJob.id).toBe(requested);
    const refusal = await server.graphql('mutation ($id: ID!) { deleteJob(jobId: $id) }', { id: pinned });
    expect(refusal.errors[0]?.extensions?.code).toBe('CONFLICT');
    await pin(pinned, false);
    await lookAgain();
    expect(await jobIds()).toEqual([ofService, requested]);
    expect(newest).toHaveLength(2);
    await stopAll(server);
  });

  it('of a service goes by the bounds of its definition, and its age takes the place of the server’s', async () => {
    await start('--retain-age', '1s');
    await saveService(server, {
      name: 'kept',
      script: 'true',
      retention: { maxAgeMs: 86_400_000, maxJobs: 2 },
    });
    const run = async (): Promise<string> => finished({ service: 'kept' });
    const runs = [await run(), await run(), await run()];
    await finished();
    await untilTrue(async () => {
      await lookAgain();
      return (await jobIds()).length === 2;
    });
    expect(await jobIds()).toEqual([runs[2], runs[1]]);
  });

  it('that a death cut short at any point is finished by the next start', async () => {
    await start();
    const [buried, rowGone, whole] = [await finished(), await finished(), await finished()];
    await pin(whole, true);
    await server.end('SIGKILL');
    const bury = (id: string): void =>
      renameSync(jobFile(server, id), join(server.dataDirectory, 'jobs', `deleted-${id}`));
    bury(buried);
    bury(rowGone);
    changeDatabase(server, `DELETE FROM "Job" WHERE "id" = ${rowGone}`);
    await server.launch();
    const ids = await jobIds();
    expect(ids).toContain(whole);
    expect(ids).not.toContain(buried);
    expect(ids).not.toContain(rowGone);
    expect(directories().filter((name) => name.startsWith('deleted-'))).toEqual([]);
    // The pin is on file, too: it is there again where the row is lost.
    await server.end('SIGKILL');
    changeDatabase(server, `DELETE FROM "Job" WHERE "id" = ${whole}`);
    await server.launch();
    const { job } = await server.ask<{ job: { pinned: boolean } }>(
      'query ($id: ID!) { job(id: $id) { pinned } }',
      {
        id: whole,
      },
    );
    expect(job.pinned).toBe(true);
  });
});
