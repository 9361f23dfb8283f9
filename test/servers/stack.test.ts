import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { lifeline } from '../cli/lifeline-command.ts';
import { freePort } from '../end-to-end/harness/free-port.ts';
import {
  downloadLog,
  findJob,
  type JobView,
  nodeProgram,
  programPath,
  untilOver,
} from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { processesMentioning, signal } from '../end-to-end/harness/processes.ts';
import { cameToBe, findService, orderService, stopAll, untilState } from '../end-to-end/harness/services.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { PostgresqlCluster, postgresqlProgram } from './postgresql-cluster.ts';

const PARTS = ['db', 'api', 'worker'] as const;

let server: LifelineServer;
afterEach(async () => {
  const started = server;
  try {
    if (!started.running) await started.launch();
    await stopAll(started);
    await started.assertNothingIsLeft();
  } finally {
    await started[Symbol.asyncDispose]();
  }
});

/** Writes its file. @returns the address of the health of the API */
async function writeStack(cluster: PostgresqlCluster): Promise<string> {
  const [psql, port] = [postgresqlProgram('psql'), await freePort()];
  const url = `http://127.0.0.1:${String(port)}/health`;
  const isReady = [postgresqlProgram('pg_isready'), '-q', '-h', cluster.path];
  const api = nodeProgram('database-health.mjs', port, psql, cluster.path);
  const worker = [programPath('database-worker.sh'), psql, cluster.path];
  writeFileSync(
    server.scratch.file('lifeline.yaml'),
    `
x-restart: &restart { policy: always, firstDelay: 50ms }
x-often: &often { period: 200ms, timeout: 10s, failureThreshold: 1 }
services:
  worker:
    command: ${JSON.stringify(worker)}
    after: [api]
    restart: *restart
  api:
    command: ${JSON.stringify(api)}
    readiness: { <<: *often, http: '${url}' }
    after: [db]
    restart: *restart
  db:
    command: ${JSON.stringify(cluster.command)}
    stopSignal: SIGINT
    readiness: { <<: *often, exec: ${JSON.stringify(isReady)} }
    restart: *restart
`,
  );
  return url;
}

/** The jobs that keep the parts up, in their order. */
async function currentJobs(): Promise<JobView[]> {
  const services = await Promise.all(PARTS.map((name) => findService(server, name)));
  return Promise.all(services.map(({ currentJob }) => findJob(server, currentJob!.id)));
}

async function allReady(): Promise<void> {
  for (const name of PARTS) await untilState(server, name, 'READY');
}

/** The lines of the worker so far, such as `1 stored`. */
async function lines(jobId: string): Promise<string[]> {
  return (await downloadLog(server, jobId, 'stdout')).toString().split('\n').slice(0, -1);
}

/** Resolves when the worker has stored a row that it had not when this was called. */
async function untilStored(jobId: string): Promise<void> {
  const before = (await lines(jobId)).length;
  await untilTrue(async () => (await lines(jobId)).slice(before).some((line) => line.endsWith('stored')));
}

const startOf = (job: JobView): number => Date.parse(job.startedAt!);
const endOf = (job: JobView): number => Date.parse(job.finishedAt!);
const askedToEnd = (job: JobView): number =>
  Date.parse(job.transitions.find(({ to }) => to === 'CANCELLING')!.at);

describe('a stack of PostgreSQL, an HTTP API and a worker', () => {
  it('starts by readiness, survives kill -9 of each part and of Lifeline, and stops in reverse', async () => {
    server = await LifelineServer.start({ openScratch: true });
    const cluster = new PostgresqlCluster(server.scratch);
    const url = await writeStack(cluster);
    const applied = await lifeline(server, ['apply', '-f', 'lifeline.yaml', '--wait']);
    expect({ code: applied.code, stderr: applied.stderr }).toEqual({ code: 0, stderr: '' });
    const first = await currentJobs();
    expect(await cameToBe(server, 'db', 'READY')).toBeLessThanOrEqual(startOf(first[1]!));
    expect(await cameToBe(server, 'api', 'READY')).toBeLessThanOrEqual(startOf(first[2]!));
    expect((await fetch(url)).status).toBe(200);
    await untilStored(first[2]!.id);

    for (const [index, name] of PARTS.entries()) {
      const before = await currentJobs();
      signal(before[index]!.pid!, 'SIGKILL');
      expect(await untilOver(server, before[index]!.id)).toMatchObject({ reason: 'KILLED_FROM_OUTSIDE' });
      await untilTrue(async () => (await findService(server, name)).currentJob!.id !== before[index]!.id);
      await allReady();
      const after = await currentJobs();
      expect(after.map(({ id }, part) => id === before[part]!.id)).toEqual(
        PARTS.map((_, part) => part !== index),
      );
      await untilStored(after[2]!.id);
    }

    const before = await currentJobs();
    await server.end('SIGKILL');
    await server.launch();
    await allReady();
    const adopted = await currentJobs();
    const identities = (jobs: JobView[]) => jobs.map(({ id, pid, status }) => ({ id, pid, status }));
    expect(identities(adopted)).toEqual(identities(before));
    await untilStored(adopted[2]!.id);
    const numbers = (await lines(adopted[2]!.id)).map((line) => Number.parseInt(line, 10));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));

    await orderService(server, 'stopService', 'db');
    const [db, api, worker] = await Promise.all(adopted.map(({ id }) => findJob(server, id)));
    expect([db!.status, api!.status, worker!.status]).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
    // Each is asked to end when what comes after it has ended.
    expect(endOf(worker!)).toBeLessThanOrEqual(askedToEnd(api!));
    expect(endOf(api!)).toBeLessThanOrEqual(askedToEnd(db!));
    expect(endOf(api!)).toBeLessThanOrEqual(endOf(db!));
    // The polite way of PostgreSQL, not the last resort.
    expect(db!.cancellation!.killedAt).toBeNull();
    expect((await downloadLog(server, db!.id, 'stderr')).toString()).toContain(
      'database system is shut down',
    );
    expect(processesMentioning(cluster.path)).toEqual([]);
  });
});
