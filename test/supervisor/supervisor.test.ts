import { statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import type { HostIdentity } from '../../src/domain/process-identity.ts';
import { follow, type FollowEvent } from '../../src/logs/follow.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { LoopShare } from '../../src/logs/loop-share.ts';
import { NO_LOG_MASKS } from '../../src/logs/log-masks.ts';
import { SecretKeys } from '../../src/storage/secret-keys.ts';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { JobStore } from '../../src/storage/job-store.ts';
import { RetentionStore } from '../../src/storage/retention-store.ts';
import { Containment } from '../../src/supervisor/containment.ts';
import { Fallocate } from '../../src/supervisor/fallocate.ts';
import { findLaunchTools } from '../../src/supervisor/launch-tools.ts';
import {
  LaunchFailedError,
  ShimLauncher,
  type GatedProcess,
  type Launcher,
} from '../../src/supervisor/launcher.ts';
import { readHostIdentity } from '../../src/supervisor/process-table.ts';
import { StartLimits } from '../../src/supervisor/start-limits.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { isRunning, processesMentioning, signal } from '../end-to-end/harness/processes.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

const PATH = process.env['PATH']!;
/** No process has such a pid: it is above what the kernel gives. */
const NOBODY = { pid: 2_000_000_000, startTicks: 1 };

let scratch: ScratchDirectory;
let directory: DataDirectory;
let database: Database;
let jobs: JobStore;
let bus: LogEventBus;
let failures: unknown[];
const supervisors: Supervisor[] = [];

beforeEach(async () => {
  scratch = new ScratchDirectory();
  directory = DataDirectory.prepare(scratch.file('data'));
  database = await Database.open(directory);
  jobs = new JobStore(database.read, database.gate);
  bus = new LogEventBus();
  failures = [];
});

afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stop('keep');
  expect([bus.size, bus.subscribers]).toEqual([0, 0]);
  await database[Symbol.asyncDispose]();
  const left = processesMentioning(scratch.path);
  for (const { pid } of left) signal(pid, 'SIGKILL');
  scratch[Symbol.dispose]();
  expect(left).toEqual([]);
});

async function openSupervisor(
  launcher: Launcher,
  host: HostIdentity = readHostIdentity(),
): Promise<Supervisor> {
  const supervisor = await Supervisor.open({
    dataDirectory: directory,
    jobs,
    retained: new RetentionStore(database.read, database.gate),
    bus,
    share: new LoopShare(),
    puncher: new Fallocate(null, directory.holeProbePath),
    secrets: new SecretKeys(directory.secretKeyPath, null),
    masks: NO_LOG_MASKS,
    launcher,
    containment: Containment.find({ wanted: 'none', dataDirectoryPath: directory.path, tini: null }),
    host,
    environment: [
      { name: 'PATH', value: PATH },
      { name: 'HOME', value: scratch.path },
    ],
    log: {
      ended: () => undefined,
      reconciled: () => undefined,
      anomaly: () => undefined,
      failure: (_jobId, _what, error) => failures.push(error),
    },
    maxRunning: 4,
    startLimits: new StartLimits({ maxJobsPerToken: 1_000, maxStartsPerMinute: 6_000 }),
  });
  supervisors.push(supervisor);
  return supervisor;
}

const realLauncher = (): Launcher => new ShimLauncher(findLaunchTools(PATH), null);

/** A launcher that does what it is told instead of starting anything. */
function launcherThat(launch: () => Promise<GatedProcess> | GatedProcess): Launcher {
  return { launch: async () => launch() };
}

function gatedProcess(overrides: Partial<GatedProcess> = {}): GatedProcess {
  return {
    shim: NOBODY,
    program: NOBODY,
    openGate: () => undefined,
    closeGate: () => undefined,
    onShimEnd: (listener) => listener(),
    [Symbol.dispose]: () => undefined,
    ...overrides,
  };
}

/** Everything that a reader of the job is told, to its end. */
async function readToEnd(jobId: JobId): Promise<FollowEvent['type'][]> {
  const types: FollowEvent['type'][] = [];
  const sources = {
    bus,
    openReader: async (id: JobId) => JobLogReader.open(directory.jobDirectory(id)),
    outcomeIsKnown: async (id: JobId) => jobs.outcomeIsKnown(id),
    isGone: async (id: JobId) => (await jobs.findJob(id)) === null,
  };
  for await (const { type } of follow(sources, { jobId, signal: AbortSignal.timeout(20_000) }))
    types.push(type);
  return types;
}

describe('a job whose executor throws', () => {
  it.each<[string, () => Launcher]>([
    [
      'at launch, as it says it may',
      () => launcherThat(() => Promise.reject(new LaunchFailedError('No processes are left.'))),
    ],
    ['at launch, as nobody expects', () => launcherThat(() => Promise.reject(new TypeError('a defect')))],
    [
      'at launch, and synchronously',
      () => ({
        launch: () => {
          throw new RangeError('a defect');
        },
      }),
    ],
    [
      'when the gate is opened',
      () =>
        launcherThat(() =>
          gatedProcess({
            openGate: () => {
              throw new Error('a defect');
            },
          }),
        ),
    ],
    [
      'when it is listened to',
      () =>
        launcherThat(() =>
          gatedProcess({
            onShimEnd: () => {
              throw new Error('a defect');
            },
          }),
        ),
    ],
  ])('%s releases both maps, ends its readers, and has an outcome', async (_when, launcher) => {
    const supervisor = await openSupervisor(launcher());
    const before = supervisor.changes.subscribers;
    const request = { script: 'exit 0', cwd: '/', concurrencyKey: 'deploy' };
    const jobId = await supervisor.startJob(request);
    await readToEnd(await supervisor.startJob(request));
    const readers = [readToEnd(jobId), readToEnd(jobId)];
    for (const reader of readers) expect(await reader).toEqual(['done']);
    await untilTrue(() => supervisor.activeJobs === 0 && bus.size === 0);
    expect([
      supervisor.activeJobs,
      supervisor.queuedJobs,
      bus.size,
      bus.subscribers,
      supervisor.changes.subscribers,
    ]).toEqual([0, 0, 0, 0, before]);
    expect(await jobs.findJob(jobId)).toMatchObject({ status: 'FAILED', reason: 'LAUNCH_FAILED' });
    expect(await jobs.unfinishedJobs()).toEqual([]);
    expect((await jobs.findJob(jobId))?.message).not.toContain('defect');
  });

  it('does not hold up the others, nor the queue', async () => {
    let launches = 0;
    const real = realLauncher();
    const supervisor = await openSupervisor({
      launch: async (...parts) => {
        launches += 1;
        if (launches % 2 === 1) throw new Error('a defect');
        return real.launch(...parts);
      },
    });
    const jobIds = await Promise.all(
      Array.from({ length: 20 }, async () => supervisor.startJob({ script: 'exit 0', cwd: '/' })),
    );
    await untilTrue(() => supervisor.activeJobs + supervisor.queuedJobs === 0);
    const statuses = await Promise.all(jobIds.map(async (jobId) => (await jobs.findJob(jobId))?.status));
    expect(statuses.filter((status) => status === 'SUCCEEDED')).toHaveLength(10);
    expect(statuses.filter((status) => status === 'FAILED')).toHaveLength(10);
  });

  it('never runs its program where its identity could not be stored', async () => {
    const ran = scratch.file('ran');
    const real = realLauncher();
    const supervisor = await openSupervisor({
      launch: async (jobDirectory, ...parts) => {
        const process = await real.launch(jobDirectory, ...parts);
        await database.gate.transaction(async (tx) =>
          tx.activeJob.delete({ where: { jobId: jobDirectory.jobId } }),
        );
        return process;
      },
    });
    const jobId = await supervisor.startJob({ script: `touch ${ran}`, cwd: '/' });
    expect(await readToEnd(jobId)).toEqual(['done']);
    expect(await jobs.findJob(jobId)).toMatchObject({ status: 'FAILED', reason: 'LAUNCH_FAILED' });
    await untilTrue(() => processesMentioning(scratch.path).length === 0);
    expect(() => writeFileSync(ran, '', { flag: 'wx' })).not.toThrow();
    expect(failures).toHaveLength(1);
  });
});

describe('a job that could not be stored', () => {
  it('is told to have failed, and no later start finds it', async () => {
    const supervisor = await openSupervisor(realLauncher());
    await database.gate.transaction(async (tx) =>
      tx.$executeRawUnsafe('ALTER TABLE JobTransition RENAME TO Elsewhere'),
    );
    await expect(supervisor.startJob({ script: 'exit 0', cwd: '/' })).rejects.toThrow();
    await database.gate.transaction(async (tx) =>
      tx.$executeRawUnsafe('ALTER TABLE Elsewhere RENAME TO JobTransition'),
    );
    expect([supervisor.queuedJobs, bus.size, (await directory.list()).jobIds]).toEqual([0, 0, []]);
    const jobId = await supervisor.startJob({ script: 'exit 0', cwd: '/' });
    await readToEnd(jobId);
    expect(await jobs.findJob(jobId)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('a job that another server left', () => {
  it.each([
    ['another boot', (host: HostIdentity) => ({ ...host, bootId: 'another-boot' }), 'HOST_REBOOTED'],
    [
      'another pid namespace',
      (host: HostIdentity) => ({ ...host, pidNamespace: 'pid:[1]' }),
      'IDENTITY_GONE',
    ],
  ])('in %s is LOST, and whoever has its pid now is not signalled', async (_where, elsewhere, reason) => {
    const first = await openSupervisor(realLauncher());
    const jobId = await first.startJob({ script: 'echo here; exec sleep 1000', cwd: '/' });
    await untilTrue(async () => (await jobs.findJob(jobId))?.status === 'RUNNING');
    const pid = (await jobs.findJob(jobId))!.pid!;
    // A job of another boot writes no more: what it had to say must be in its file.
    await untilTrue(() => statSync(directory.jobDirectory(jobId).logPath('STDOUT')).size > 0);
    await first.stop('keep');
    supervisors.splice(0);
    const second = await openSupervisor(realLauncher(), elsewhere(readHostIdentity()));
    expect(second.lastReconciliation).toMatchObject({ lost: 1, adopted: 0 });
    expect(await readToEnd(jobId)).toEqual(['lines', 'done']);
    expect(await jobs.findJob(jobId)).toMatchObject({ status: 'LOST', reason, exitCode: null });
    expect(isRunning(pid)).toBe(true);
    signal(-pid, 'SIGKILL');
    await untilTrue(() => processesMentioning(scratch.path).length === 0);
  });

  it('before its gate opened has failed to launch, and its program never ran', async () => {
    const ran = scratch.file('ran');
    const real = realLauncher();
    // A server that dies between the identity and the gate: its end of the gate closes, and that is all that happens.
    const first = await openSupervisor({
      launch: async (...parts) => {
        const process = await real.launch(...parts);
        return {
          ...process,
          openGate: () => process.closeGate(),
          [Symbol.dispose]: () => process[Symbol.dispose](),
        };
      },
    });
    const jobId = await first.startJob({ script: `touch ${ran}`, cwd: '/' });
    await readToEnd(jobId);
    expect(await jobs.findJob(jobId)).toMatchObject({ status: 'FAILED', reason: 'LAUNCH_FAILED' });
    expect(() => writeFileSync(ran, '', { flag: 'wx' })).not.toThrow();
  });

  it('is adopted by pid and start time, and only so', async () => {
    const first = await openSupervisor(realLauncher());
    const jobId = await first.startJob({ script: 'exec env -i sleep 1000', cwd: '/' });
    await untilTrue(async () => (await jobs.findJob(jobId))?.status === 'RUNNING');
    const pid = (await jobs.findJob(jobId))!.pid!;
    await first.stop('keep');
    supervisors.splice(0);
    // As if the pids had been given to strangers: same numbers, other start times, and no cookie of the job.
    await database.gate.transaction(async (tx) =>
      tx.activeJob.update({ where: { jobId }, data: { programStartTicks: 1, shimStartTicks: 1 } }),
    );
    const second = await openSupervisor(realLauncher());
    expect(second.lastReconciliation).toMatchObject({ lost: 1, adopted: 0 });
    await readToEnd(jobId);
    expect(await jobs.findJob(jobId)).toMatchObject({ status: 'LOST', reason: 'IDENTITY_GONE' });
    expect(isRunning(pid)).toBe(true);
    signal(-pid, 'SIGKILL');
    await untilTrue(() => !isRunning(pid));
    await untilTrue(() => processesMentioning(scratch.path).length === 0);
  });
});
