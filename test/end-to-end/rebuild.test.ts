import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lifeline } from '../cli/lifeline-command.ts';
import { reconciliation } from './harness/between-lives.ts';
import {
  cancelJob,
  findJob,
  readWholeLog,
  startJob,
  startScript,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { isRunning } from './harness/processes.ts';
import { findService, orderService, saveService, stopAll, untilState } from './harness/services.ts';
import { filesOf } from './harness/files-of.ts';

const DATABASE_FILES = ['lifeline.db', 'lifeline.db-wal', 'lifeline.db-shm'];
const JOBS = `{ jobs(first: 100) { edges { node {
  id status reason message command script cwd env { name value } labels pid exitCode signal queuedAt startedAt finishedAt attempt
  rerunOf { id } trigger dueAt serviceName serviceVersion service { name version } retryAt
  transitions { from to at reason cause }
  cancellation { reason requestedBy gracePeriodMs requestedAt killedAt finishedAt containment processes { pid command signals goneAt } }
} } } }`;
const SERVICES = `{ services { name version desired state why failures createdAt currentJob { id status }
  versions { number savedAt savedBy definition { script command env { name value } } } } }`;
const NOT_RESTORED = [
  expect.stringMatching(/^The tokens beside/),
  expect.stringMatching(/^Browsers/),
  expect.stringMatching(/^The audit trail/),
  expect.stringMatching(/^The steps of the lives of services/),
  expect.stringMatching(/^Runs of services that had failed/),
] as unknown[];

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

function loseDatabase(): void {
  for (const name of DATABASE_FILES) rmSync(join(server.dataDirectory, name), { force: true });
}

function damageDatabase(): void {
  const path = join(server.dataDirectory, 'lifeline.db');
  const bytes = readFileSync(path);
  bytes.fill('x', 4096, bytes.length - 100);
  writeFileSync(path, bytes);
}

async function rebuildOf(of: LifelineServer): Promise<{ services: number; notRestored: string[] } | null> {
  const query = '{ server { lastReconciliation { rebuild { services notRestored } } } }';
  interface Answer {
    server: { lastReconciliation: { rebuild: { services: number; notRestored: string[] } | null } };
  }
  return (await of.ask<Answer>(query)).server.lastReconciliation.rebuild;
}

/** Jobs of every kind, a service that is up and one that was stopped. @returns the ids of those that run */
async function makeHistory(): Promise<string[]> {
  await untilOver(
    server,
    await startJob(server, { script: 'echo a; exit 3', requestId: 'once', labels: ['x'] }),
  );
  await untilOver(server, await startJob(server, { command: ['true'], env: [{ name: 'A', value: '%_"' }] }));
  await untilOver(server, await startJob(server, { script: 'sleep 60', timeoutMs: 100, gracePeriodMs: 0 }));
  const cancelled = await startScript(server, 'sleep 60');
  await untilStatus(server, cancelled, 'RUNNING');
  await cancelJob(server, cancelled, 0);
  await untilOver(server, cancelled);
  const again = 'mutation { rerunJob(jobId: 2) { id } }';
  await untilOver(server, (await server.ask<{ rerunJob: { id: string } }>(again)).rerunJob.id);
  await saveService(server, { name: 'gone', script: 'true' });
  await server.ask('mutation { deleteService(name: "gone") }');
  await saveService(server, { name: 'api', script: 'echo one; exec sleep 1000' });
  await saveService(server, { name: 'api', script: 'echo two; exec sleep 1000' });
  await orderService(server, 'startService', 'api');
  await saveService(server, { name: 'idle', script: 'exec sleep 1000', env: [{ name: 'B', value: 'b' }] });
  await saveService(server, {
    name: 'task',
    script: 'exit 9',
    restart: { policy: 'ON_FAILURE', maxFailures: 1 },
  });
  const run = 'mutation { startJob(input: { service: "task" }) { id } }';
  await untilOver(server, (await server.ask<{ startJob: { id: string } }>(run)).startJob.id);
  const running = await startScript(server, 'echo up; exec sleep 1000');
  await untilStatus(server, running, 'RUNNING');
  const { currentJob } = await findService(server, 'api');
  return [running, currentJob!.id];
}

describe('a database that is gone', () => {
  it('is made anew at the start: everything is there but what is listed, and what runs is adopted', async () => {
    const running = await makeHistory();
    const pids = await Promise.all(running.map(async (id) => (await findJob(server, id)).pid));
    const [jobs, services] = [await server.ask(JOBS), await server.ask(SERVICES)];
    const log = await readWholeLog(server, '2');
    await server.end('SIGKILL');
    loseDatabase();
    await server.launch();
    expect(await server.ask(JOBS)).toEqual(jobs);
    expect(await server.ask(SERVICES)).toEqual(services);
    expect(await readWholeLog(server, '2')).toEqual(log);
    expect(await reconciliation(server)).toMatchObject({ adopted: 2, lost: 0, ignored: 0, failed: 0 });
    expect(await rebuildOf(server)).toEqual({ services: 3, notRestored: NOT_RESTORED });
    expect(server.stderr).toContain('the database was gone');
    expect(await Promise.all(running.map(async (id) => (await findJob(server, id)).pid))).toEqual(pids);
    // Neither an id nor a requestId nor a service is given twice.
    expect(await startJob(server, { script: 'echo a; exit 3', requestId: 'once', labels: ['x'] })).toBe('2');
    const highest = Math.max(...running.map(Number));
    expect(Number(await startScript(server, 'true'))).toBeGreaterThan(highest);
    await server.restart();
    expect(await rebuildOf(server)).toBeNull();
    expect((await findService(server, 'api')).currentJob?.id).toBe(running[1]);
    await stopAll(server);
    await cancelJob(server, running[0]!, 0);
    await untilOver(server, running[0]!);
    expect(pids.some((pid) => isRunning(pid!))).toBe(false);
  });

  it('is made anew by the next start, too, where the first is killed meanwhile', async () => {
    for (const id of Array(20).keys())
      await untilOver(server, await startScript(server, `exit ${String(id)}`));
    await server.end('SIGKILL');
    loseDatabase();
    // As a start leaves it that is killed after its first commits.
    writeFileSync(join(server.dataDirectory, 'rebuilding'), '');
    await server.launch();
    expect((await rebuildOf(server))?.notRestored).toEqual(NOT_RESTORED);
    expect((await reconciliation(server)).imported).toBe(21);
    expect(existsSync(join(server.dataDirectory, 'rebuilding'))).toBe(false);
  });

  it('leaves what cannot be read as it is, and names it', async () => {
    await untilOver(server, await startScript(server, 'true'));
    await saveService(server, { name: 'torn', script: 'true' });
    await server.end('SIGTERM');
    loseDatabase();
    writeFileSync(join(server.dataDirectory, 'services/1/service.json'), '{');
    mkdirSync(join(server.dataDirectory, 'jobs/7'));
    await server.launch();
    const { ignored, jobs } = await reconciliation(server);
    expect([ignored, jobs.find(({ jobId }) => jobId === '7')?.verdict]).toEqual([1, 'IGNORED']);
    expect((await rebuildOf(server))?.notRestored.at(-1)).toMatch(/service 1 .*cannot be read/);
    expect(readFileSync(join(server.dataDirectory, 'services/1/service.json'), 'utf8')).toBe('{');
    await saveService(server, { name: 'torn', script: 'true' });
    expect(readdirSync(join(server.dataDirectory, 'services')).sort()).toEqual(['1', '2']);
  });
});

describe('services', () => {
  it('of a version that wrote no files for them have files after a start', async () => {
    await makeServiceOfFormat1();
    await server.launch();
    const before = await server.ask(SERVICES);
    await server.end('SIGTERM');
    loseDatabase();
    await server.launch();
    expect(await server.ask(SERVICES)).toEqual(before);
  });

  it('whose rows are older than their files, as after a copy of an old database, are brought forward', async () => {
    await saveService(server, { name: 'api', script: 'exec sleep 1000' });
    await server.end('SIGTERM');
    const path = join(server.dataDirectory, 'lifeline.db');
    const old = readFileSync(path);
    await server.launch();
    await saveService(server, { name: 'api', script: 'exec sleep 1001' });
    await orderService(server, 'startService', 'api');
    const { currentJob } = await findService(server, 'api');
    await server.end('SIGTERM');
    writeFileSync(path, old);
    await server.launch();
    expect(await untilState(server, 'api', 'READY')).toMatchObject({ version: 2, currentJob });
    await stopAll(server);
  });

  async function makeServiceOfFormat1(): Promise<void> {
    await saveService(server, { name: 'api', script: 'exec sleep 1000' });
    await saveService(server, { name: 'api', script: 'exec sleep 1001' });
    await server.end('SIGTERM');
    for (const name of ['services', 'format', 'highest-service-id'])
      rmSync(join(server.dataDirectory, name), { recursive: true, force: true });
  }
});

describe('a damaged database', () => {
  it('refuses the start with the command that helps, and changes nothing; the command helps', async () => {
    const running = await makeHistory();
    const [jobs, services] = [await server.ask(JOBS), await server.ask(SERVICES)];
    await server.end('SIGTERM');
    damageDatabase();
    const before = filesOf(server.dataDirectory, (name) => !/^lease|^jobs\/\d+\/(stdout|index)/.test(name));
    await expect(server.launch()).rejects.toThrow(
      /is damaged.*lifeline rebuild --data-dir.*lifeline restore/s,
    );
    expect(filesOf(server.dataDirectory, (name) => !/^lease|^jobs\/\d+\/(stdout|index)/.test(name))).toEqual(
      before,
    );
    const rebuild = ['rebuild', '--data-dir', server.dataDirectory];
    const { code, stdout, stderr } = await lifeline(server, [...rebuild, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout) as {
      jobs: number;
      services: string[];
      damaged: string;
      ignored: unknown[];
    };
    expect(report).toMatchObject({
      jobs: Number(running[0]),
      services: ['api', 'idle', 'task'],
      ignored: [],
      notRestored: NOT_RESTORED,
    });
    expect(readFileSync(join(report.damaged, 'lifeline.db')).includes('xxxx')).toBe(true);
    await server.launch();
    expect(await server.ask(JOBS)).toEqual(jobs);
    expect(await server.ask(SERVICES)).toEqual(services);
    expect(await reconciliation(server)).toMatchObject({ adopted: 2, imported: 0 });
    expect(await lifeline(server, rebuild)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('Stop it first') as string,
    });
    await stopAll(server);
    await cancelJob(server, running[0]!, 0);
    await untilOver(server, running[0]!);
    await server.end('SIGTERM');
    // A whole one is given up only where somebody insists.
    expect(await lifeline(server, rebuild)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('--force') as string,
    });
    const forced = await lifeline(server, [...rebuild, '--force']);
    expect(forced).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Restored \d+ jobs and 3 services/) as string,
    });
    await server.launch();
    expect((await reconciliation(server)).ignored).toBe(0);
  });
});
