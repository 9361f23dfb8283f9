import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cancelJob,
  findJob,
  startJob,
  startScript,
  tryStartJob,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import {
  findService,
  orderService,
  saveService,
  stopAll,
  trySaveService,
  tryOrderService,
  untilState,
} from './harness/services.ts';
import { canMount, fill, makeRoom, onSmallDisk, readWithin } from './harness/small-disk.ts';
import { untilTrue } from './harness/until-true.ts';

const MIB = 2 ** 20;
const possible = canMount();
if (!possible) console.warn('SKIPPED: no file system can be mounted here, so none can be full.');

let server: LifelineServer;
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

async function start(bytes: number, ...args: readonly string[]): Promise<void> {
  server = await LifelineServer.start({ ...onSmallDisk(bytes), args });
}

async function disk(): Promise<{ freeBytes: number; minFreeBytes: number; isLow: boolean }> {
  const query = '{ server { disk { freeBytes minFreeBytes isLow } } }';
  return (await server.ask<{ server: { disk: Awaited<ReturnType<typeof disk>> } }>(query)).server.disk;
}

interface RunView {
  readonly outcome: string;
  readonly why: string | null;
  readonly job: { readonly id: string } | null;
}

/** Waits for a run of `tick` that is so. */
async function untilRun(accepts: (run: RunView) => boolean, what: string): Promise<RunView> {
  const query = '{ service(name: "tick") { scheduledRuns { outcome why job { id } } } }';
  return untilTrue(
    async () => {
      const { service } = await server.ask<{ service: { scheduledRuns: RunView[] } }>(query);
      return service.scheduledRuns.find(accepts);
    },
    { what },
  );
}

async function isReady(): Promise<boolean> {
  return (await server.call({ path: '/readyz' })).status === 200;
}

/** The code with which a job is refused; `null` where it is not. */
async function refusal(input: Readonly<Record<string, unknown>> = { script: 'true' }): Promise<unknown> {
  const { data, errors } = await tryStartJob(server, input);
  if (data?.startJob !== undefined) await untilOver(server, data.startJob.id);
  return errors[0]?.extensions?.code ?? null;
}

/** @returns the code with which it is refused; `null` where it is saved */
async function save(number: number): Promise<unknown> {
  const { errors } = await trySaveService(server, {
    name: `service-${String(number)}`,
    script: 'true',
    stdin: 'x'.repeat(60_000),
  });
  return errors[0]?.extensions?.code ?? null;
}

/** The log of the database has room of its own, which has to be used up. */
async function saveUntilFull(): Promise<void> {
  for (let number = 0; number < 300; number++) {
    const code = await save(number);
    if (code === 'DISK_LOW') return;
    expect(code).toBeNull();
  }
  throw new Error('the database never found the disk full');
}

describe.skipIf(!possible)('a disk', () => {
  it('that has little room left takes no new job and says so, and jobs and services go on by themselves when it has', async () => {
    await start(48 * MIB, '--min-free-bytes', '8MiB', '--max-running', '1');
    const gate = server.scratch.file('gate');
    const running = await startJob(server, {
      script: `until [ -e '${gate}' ]; do sleep 0.05; done`,
      requestId: 'first',
    });
    await untilStatus(server, running, 'RUNNING');
    const waiting = await startScript(server, 'echo waited');
    await saveService(server, { name: 'web', script: 'exec sleep 1000' });
    fill(server, 4 * MIB);
    const { errors } = await tryStartJob(server, { script: 'true' });
    expect(errors[0]?.extensions?.code).toBe('DISK_LOW');
    expect(errors[0]?.message).toMatch(/has [34]\.\d MiB free.*less than 8\.0 MiB/);
    expect(
      await startJob(server, { script: `until [ -e '${gate}' ]; do sleep 0.05; done`, requestId: 'first' }),
    ).toBe(running);
    expect(await isReady()).toBe(false);
    expect(await disk()).toMatchObject({ minFreeBytes: 8 * MIB, isLow: true });
    expect((await tryOrderService(server, 'startService', 'web', 0)).errors).toEqual([]);
    await untilTrue(async () => (await findService(server, 'web')).why?.includes('MiB free') ?? false);
    expect((await findService(server, 'web')).state).toBe('WAITING');
    writeFileSync(gate, '');
    expect((await untilOver(server, running)).status).toBe('SUCCEEDED');
    const { job } = await server.ask<{ job: { status: string; queue: { reason: string } } }>(
      'query ($id: ID!) { job(id: $id) { status queue { reason } } }',
      { id: waiting },
    );
    expect(job).toEqual({ status: 'QUEUED', queue: { reason: 'DISK_LOW' } });
    makeRoom(server);
    expect((await untilOver(server, waiting)).status).toBe('SUCCEEDED');
    expect((await untilState(server, 'web', 'READY')).failures).toBe(0);
    expect(await isReady()).toBe(true);
    await stopAll(server);
    expect(await refusal()).toBeNull();
  });

  it('that has little room left refuses a run that is due, which says so, and takes the next when it has', async () => {
    await start(48 * MIB, '--min-free-bytes', '8MiB');
    await saveService(server, { name: 'tick', script: 'exit 0', schedule: { everyMs: 1_000 } });
    fill(server, 4 * MIB);
    await orderService(server, 'startService', 'tick');
    const refused = await untilRun(({ outcome }) => outcome === 'REFUSED', 'a run that is refused');
    expect(refused.job).toBeNull();
    expect(refused.why).toMatch(/has [34]\.\d MiB free.*less than 8\.0 MiB/);
    makeRoom(server);
    await untilRun(({ outcome, job }) => outcome === 'STARTED' && job !== null, 'a run that has a job');
    await stopAll(server);
  });

  it('that a log fills ends its job, which says so, and the server goes on', async () => {
    await start(32 * MIB, '--min-free-bytes', '0');
    fill(server, 16 * MIB);
    const flood = await startScript(server, 'exec yes');
    await untilTrue(async () => (await disk()).freeBytes === 0, { what: 'a full disk' });
    expect((await server.call({ path: '/healthz' })).status).toBe(200);
    expect(await refusal()).toBe('DISK_LOW');
    makeRoom(server);
    const { status, signal, message } = await untilOver(server, flood);
    expect({ status, signal }).toEqual({ status: 'FAILED', signal: 'SIGPIPE' });
    expect(message).toMatch(/Its log is incomplete: the disk was full while it was written\.$/);
    expect(await refusal()).toBeNull();
  });

  it('that is full at the end of a job loses nothing of its outcome', async () => {
    await start(32 * MIB, '--min-free-bytes', '0');
    const gate = server.scratch.file('gate');
    const jobId = await startScript(server, `until [ -e '${gate}' ]; do sleep 0.05; done; exit 7`);
    await untilStatus(server, jobId, 'RUNNING');
    fill(server);
    writeFileSync(gate, '');
    await untilTrue(() => readWithin(server, `jobs/${jobId}/exit`).includes('exit 7'), {
      what: 'the exit record',
    });
    makeRoom(server);
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'FAILED', exitCode: 7 });
  });

  it('that is full has room again when a job is deleted, whose row can be removed though the database has no room', async () => {
    await start(32 * MIB, '--min-free-bytes', '0');
    const jobId = await startScript(server, 'head -c 2000000 /dev/zero');
    await untilOver(server, jobId);
    fill(server);
    await saveUntilFull();
    const { errors } = await server.graphql('mutation ($id: ID!) { deleteJob(jobId: $id) }', { id: jobId });
    expect(errors).toEqual([]);
    expect((await disk()).freeBytes).toBeGreaterThan(1_000_000);
    expect(await refusal()).toBeNull();
  });

  it('that is full in the database refuses what is to be written, with a code, and takes it when there is room', async () => {
    await start(32 * MIB, '--min-free-bytes', '0');
    const running = await startScript(server, 'exec sleep 1000');
    await untilStatus(server, running, 'RUNNING');
    fill(server);
    await saveUntilFull();
    expect(await save(500)).toBe('DISK_LOW');
    expect((await findJob(server, running)).status).toBe('RUNNING');
    makeRoom(server);
    expect(await save(1_000)).toBeNull();
    expect(await save(1_001)).toBeNull();
    await cancelJob(server, running, 0);
    expect((await untilOver(server, running)).status).toBe('CANCELLED');
    const { auditLog } = await server.ask<{ auditLog: { edges: { node: { result: string } }[] } }>(
      '{ auditLog(where: { actions: ["saveService"], results: ["DISK_LOW"] }) { edges { node { result } } } }',
    );
    expect(auditLog.edges.length).toBeGreaterThan(0);
  });
});
