import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { LoopShare } from '../../src/logs/loop-share.ts';
import { NO_LOG_MASKS } from '../../src/logs/log-masks.ts';
import { SecretKeys } from '../../src/storage/secret-keys.ts';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { readIdentity } from '../../src/storage/identity-file.ts';
import { loadSpec } from '../../src/storage/job-files.ts';
import type { StepRecord } from '../../src/storage/job-records.ts';
import { JobStore } from '../../src/storage/job-store.ts';
import { RetentionStore } from '../../src/storage/retention-store.ts';
import { readTransitions } from '../../src/storage/transition-file.ts';
import { Containment } from '../../src/supervisor/containment.ts';
import { Fallocate } from '../../src/supervisor/fallocate.ts';
import { findLaunchTools } from '../../src/supervisor/launch-tools.ts';
import { ShimLauncher } from '../../src/supervisor/launcher.ts';
import { readHostIdentity } from '../../src/supervisor/process-table.ts';
import { StartLimits } from '../../src/supervisor/start-limits.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { isRunning } from '../end-to-end/harness/processes.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

const PATH = process.env['PATH']!;
const scratch = new ScratchDirectory();
/** A server's world: its data directory, its database. */
interface World {
  readonly directory: DataDirectory;
  readonly database: Database;
  readonly jobs: JobStore;
}
const worlds: World[] = [];
let original: World;

beforeAll(async () => {
  original = await newWorld();
});
afterAll(async () => {
  for (const { database } of worlds) await database[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

async function newWorld(): Promise<World> {
  const directory = DataDirectory.prepare(scratch.file(`data-${String(worlds.length)}`));
  const database = await Database.open(directory);
  const world = { directory, database, jobs: new JobStore(database.read, database.gate) };
  worlds.push(world);
  return world;
}

async function openSupervisor({ directory, database, jobs }: World): Promise<Supervisor> {
  const silent = (): void => undefined;
  return Supervisor.open({
    dataDirectory: directory,
    jobs,
    retained: new RetentionStore(database.read, database.gate),
    bus: new LogEventBus(),
    share: new LoopShare(),
    puncher: new Fallocate(null, directory.holeProbePath),
    secrets: new SecretKeys(directory.secretKeyPath, null),
    masks: NO_LOG_MASKS,
    launcher: new ShimLauncher(findLaunchTools(PATH), null),
    containment: Containment.find({ wanted: 'none', dataDirectoryPath: directory.path, tini: null }),
    host: readHostIdentity(),
    environment: [
      { name: 'PATH', value: PATH },
      { name: 'HOME', value: scratch.path },
    ],
    log: {
      ended: silent,
      reconciled: silent,
      anomaly: silent,
      failure: (_jobId, what, error) => {
        throw new Error(what, { cause: error });
      },
    },
    maxRunning: 4,
    startLimits: new StartLimits({ maxJobsPerToken: 1_000, maxStartsPerMinute: 6_000 }),
  });
}

/** What is known of a job, without what a second run of it would make different. */
async function known({ jobs, database }: World, jobId: JobId) {
  const row = await jobs.findJob(jobId);
  const transitions = await database.read.jobTransition.findMany({
    where: { jobId },
    orderBy: { number: 'asc' },
  });
  const active = await database.read.activeJob.findUnique({ where: { jobId } });
  const cancellation = await database.read.cancellation.findUnique({ where: { jobId } });
  return {
    ...(row === null ? {} : { status: row.status, reason: row.reason, exitCode: row.exitCode, pid: row.pid }),
    transitions: transitions.map(({ number, to, reason }) => [number, to, reason]),
    cancelled: cancellation?.reason ?? null,
    active: active !== null,
  };
}

/** Runs a job to its end in the original world. */
async function runOnce(script: string, cancels: boolean): Promise<JobId> {
  const supervisor = await openSupervisor(original);
  const jobId = await supervisor.startJob({ script, cwd: '/', gracePeriodMs: 20_000 });
  await untilTrue(async () => (await original.jobs.findJob(jobId))?.status === 'RUNNING');
  if (cancels) await supervisor.cancelJob(jobId, {});
  await untilTrue(() => supervisor.activeJobs === 0);
  await supervisor.stop('keep');
  return jobId;
}

/** A world in which the server died when the directory had `onFile` steps and the database `inRow` of them (0: no row). */
async function worldAt(jobId: JobId, onFile: number, inRow: number, hasIdentity: boolean): Promise<World> {
  const world = await newWorld();
  const [from, to] = [original.directory.jobDirectory(jobId), world.directory.jobDirectory(jobId)];
  const steps = readTransitions(from);
  mkdirSync(to.path);
  copyFileSync(from.specPath, to.specPath);
  const lines = readFileSync(from.transitionsPath, 'utf8').split('\n').slice(0, onFile);
  writeFileSync(to.transitionsPath, `${lines.join('\n')}\n`);
  if (onFile >= 2 && hasIdentity) copyFileSync(from.identityPath, to.identityPath);
  // The program came to its gate with the identity, and through it before RUNNING was written.
  if (onFile >= 3) copyFileSync(from.exitRecordPath, to.exitRecordPath);
  const { spec, requestFingerprint } = loadSpec(from);
  const [first, ...later] = steps.slice(0, inRow);
  if (first !== undefined) await world.jobs.insertQueued(jobId, spec, requestFingerprint, first);
  for (const step of later) await world.jobs.advance(jobId, step);
  const identity = readIdentity(from);
  const isActive = inRow >= 2 && inRow < steps.length;
  if (isActive && inRow >= 3 && identity !== null) await world.jobs.recordIdentity(jobId, identity);
  return world;
}

describe.each([
  ['ends by itself', 'sleep 0.2; exit 3', false],
  ['is cancelled', 'exec sleep 1000', true],
])('a server that died anywhere in the life of a job that %s', (_how, script, cancels) => {
  let jobId: JobId;
  let steps: StepRecord[];
  beforeAll(async () => {
    jobId = await runOnce(script, cancels);
    steps = readTransitions(original.directory.jobDirectory(jobId));
  });

  it(
    'between its directory and its row comes to the same end at the next start',
    { timeout: 120_000 },
    async () => {
      expect(steps).toHaveLength(cancels ? 5 : 4);
      const expected = await known(original, jobId);
      const program = readIdentity(original.directory.jobDirectory(jobId))!.program.pid;
      for (let onFile = 3; onFile <= steps.length; onFile += 1) {
        for (let inRow = 0; inRow <= onFile; inRow += 1) {
          const world = await worldAt(jobId, onFile, inRow, true);
          expect(isRunning(program)).toBe(false);
          const supervisor = await openSupervisor(world);
          await untilTrue(() => supervisor.activeJobs === 0);
          const where = `${String(onFile)} steps on file, ${String(inRow)} in the row`;
          // An intent that never reached the file was never acknowledged: then the exit record alone says how it ended.
          const intentIsKnown = !cancels || onFile >= 4;
          if (intentIsKnown) expect([where, await known(world, jobId)]).toEqual([where, expected]);
          else expect([where, (await known(world, jobId)).status]).toEqual([where, 'FAILED']);
          await supervisor.stop('keep');
          const again = await openSupervisor(world);
          expect(again.lastReconciliation?.jobs).toEqual([]);
          await again.stop('keep');
          rmSync(world.directory.jobDirectory(jobId).path, { recursive: true });
        }
      }
    },
  );

  it(
    'before the gate opened says that it never ran, and before that it runs',
    { timeout: 60_000 },
    async () => {
      // What the shim has said by then: nothing, as it was never there; that the gate closed; nothing, as it was killed.
      const untouched = `${' '.repeat(15)}\n`.repeat(4);
      const records = [null, `aborted${' '.repeat(8)}\n`, untouched];
      for (const [inRow, record] of [0, 1, 2].flatMap((at) => records.map((text) => [at, text] as const))) {
        const world = await worldAt(jobId, 2, inRow, record !== null);
        if (record !== null) writeFileSync(world.directory.jobDirectory(jobId).exitRecordPath, record);
        const supervisor = await openSupervisor(world);
        await untilTrue(() => supervisor.activeJobs === 0);
        expect(supervisor.lastReconciliation?.jobs).toMatchObject([
          { jobId, verdict: 'FAILED', imported: inRow === 0 },
        ]);
        expect(await known(world, jobId)).toMatchObject({
          status: 'FAILED',
          reason: 'LAUNCH_FAILED',
          active: false,
        });
        await supervisor.stop('keep');
      }
      if (cancels) return;
      for (const inRow of [0, 1]) {
        const world = await worldAt(jobId, 1, inRow, false);
        const supervisor = await openSupervisor(world);
        const verdict = inRow === 0 ? 'IMPORTED' : 'REQUEUED';
        expect(supervisor.lastReconciliation?.jobs).toMatchObject([{ jobId, verdict }]);
        await untilTrue(() => supervisor.activeJobs + supervisor.queuedJobs === 0);
        expect(await known(world, jobId)).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 3 });
        await supervisor.stop('keep');
      }
    },
  );
});
