import { existsSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/domain/errors.ts';
import type { JobId } from '../../src/domain/job-id.ts';
import type { JobSignal } from '../../src/domain/job-signal.ts';
import type { StopCommandReport } from '../../src/domain/stop-command-report.ts';
import type { TerminatedProcess } from '../../src/domain/terminated-process.ts';
import { LogEventBus } from '../../src/logs/log-event-bus.ts';
import { LoopShare } from '../../src/logs/loop-share.ts';
import { NO_LOG_MASKS } from '../../src/logs/log-masks.ts';
import { SecretKeys } from '../../src/storage/secret-keys.ts';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { JobStore } from '../../src/storage/job-store.ts';
import { RetentionStore } from '../../src/storage/retention-store.ts';
import { readStopCommand } from '../../src/storage/stop-command-file.ts';
import { Containment } from '../../src/supervisor/containment.ts';
import { readExitRecord } from '../../src/supervisor/exit-record.ts';
import type { StartJobRequest } from '../../src/supervisor/job-request.ts';
import { Fallocate } from '../../src/supervisor/fallocate.ts';
import { findLaunchTools } from '../../src/supervisor/launch-tools.ts';
import { ShimLauncher } from '../../src/supervisor/launcher.ts';
import { readHostIdentity } from '../../src/supervisor/process-table.ts';
import { StartLimits } from '../../src/supervisor/start-limits.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { processesMentioning, signal } from '../end-to-end/harness/processes.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

const PATH = process.env['PATH']!;
/** It says which of these signals it gets; USR1 ends it, later than what has sent it. */
const SAYS_SIGNALS =
  'for s in TERM INT HUP; do trap "echo $s >>heard" $s; done; trap "echo USR1 >>heard; sleep 0.5; exit 0" USR1; ' +
  'echo >ready; while :; do sleep 0.05; done';

let scratch: ScratchDirectory;
let directory: DataDirectory;
let database: Database;
let jobs: JobStore;
let bus: LogEventBus;
let supervisor: Supervisor;

beforeEach(async () => {
  scratch = new ScratchDirectory();
  directory = DataDirectory.prepare(scratch.file('data'));
  database = await Database.open(directory);
  jobs = new JobStore(database.read, database.gate);
  bus = new LogEventBus();
  supervisor = await open();
});

afterEach(async () => {
  await supervisor.stop('keep');
  expect([bus.size, bus.subscribers]).toEqual([0, 0]);
  await database[Symbol.asyncDispose]();
  const left = processesMentioning(scratch.path);
  for (const { pid } of left) signal(pid, 'SIGKILL');
  scratch[Symbol.dispose]();
  expect(left).toEqual([]);
});

async function open(): Promise<Supervisor> {
  return Supervisor.open({
    dataDirectory: directory,
    jobs,
    retained: new RetentionStore(database.read, database.gate),
    bus,
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
      ended: () => undefined,
      reconciled: () => undefined,
      anomaly: () => undefined,
      failure: () => undefined,
    },
    maxRunning: 4,
    startLimits: new StartLimits({ maxJobsPerToken: 1_000, maxStartsPerMinute: 6_000 }),
  });
}

/** A job that has set its traps. */
async function running(request: StartJobRequest): Promise<JobId> {
  rmSync(scratch.file('ready'), { force: true });
  const jobId = await supervisor.startJob({ script: SAYS_SIGNALS, gracePeriodMs: 60_000, ...request });
  await untilTrue(() => existsSync(scratch.file('ready')));
  return jobId;
}

interface End {
  readonly status: string;
  readonly stopCommand: StopCommandReport | null;
  readonly signals: readonly string[];
  readonly killed: boolean;
}

async function end(jobId: JobId): Promise<End> {
  await untilTrue(() => jobs.outcomeIsKnown(jobId));
  const row = await database.read.job.findUniqueOrThrow({
    where: { id: jobId },
    include: { cancellation: true },
  });
  const { stopCommand, processes, killedAt } = row.cancellation!;
  const terminated = JSON.parse(processes) as TerminatedProcess[];
  return {
    status: row.status,
    stopCommand: stopCommand === null ? null : (JSON.parse(stopCommand) as StopCommandReport),
    // A program that ends quickly is gone before SIGCONT is sent.
    signals: (terminated.find(({ pid }) => pid === row.pid)?.signals ?? []).filter(
      (name) => name !== 'SIGCONT',
    ),
    killed: killedAt !== null,
  };
}

const heard = (): string[] => readFileSync(scratch.file('heard'), 'utf8').trim().split('\n');
const sh = (script: string): StartJobRequest => ({ stopCommand: ['sh', '-c', script] });

describe('the polite end of a job', () => {
  it('is its stop signal, and after the grace period KILL', async () => {
    const polite = await running({ stopSignal: 'SIGUSR1' });
    await supervisor.cancelJob(polite);
    expect(await end(polite)).toMatchObject({
      status: 'CANCELLED',
      stopCommand: null,
      signals: ['SIGUSR1'],
      killed: false,
    });
    const stubborn = await running({ stopSignal: 'SIGINT', gracePeriodMs: 300 });
    await supervisor.cancelJob(stubborn);
    expect(await end(stubborn)).toMatchObject({ signals: ['SIGINT', 'SIGKILL'], killed: true });
    expect(heard()).toEqual(['USR1', 'INT']);
  });

  it('is its stop signal when it runs into its timeout, and when the server stops', async () => {
    const late = await running({ stopSignal: 'SIGUSR1', timeoutMs: 1_000 });
    expect(await end(late)).toMatchObject({ status: 'TIMED_OUT', signals: ['SIGUSR1'] });
    const last = await running({ stopSignal: 'SIGUSR1' });
    await supervisor.stop('cancel');
    expect(await end(last)).toMatchObject({ status: 'CANCELLED', signals: ['SIGUSR1'] });
  });

  it.each<JobSignal>(['SIGKILL', 'SIGSTOP', 'SIGCONT', 'SIGWINCH'])('cannot be %s', async (stopSignal) => {
    await expect(supervisor.startJob({ command: ['true'], stopSignal })).rejects.toThrow(InvalidInputError);
  });

  it('of a job that is run once more is that of the first', async () => {
    const first = await running({ stopSignal: 'SIGUSR1', ...sh('kill -USR1 $LIFELINE_PID') });
    await supervisor.cancelJob(first);
    await end(first);
    rmSync(scratch.file('ready'));
    const again = await supervisor.rerunJob(first);
    await untilTrue(() => existsSync(scratch.file('ready')));
    await supervisor.cancelJob(again);
    expect(await end(again)).toMatchObject({ stopCommand: { exitCode: 0 }, signals: [], killed: false });
  });
});

describe('a stop command', () => {
  it('ends the job without a signal, as the job’s own, and its outcome is in the report', async () => {
    const jobId = await running({
      ...sh('echo "$LIFELINE_JOB_ID $GREETING" >who; kill -USR1 $LIFELINE_PID; echo it is asked'),
      cwd: scratch.path,
      env: [{ name: 'GREETING', value: 'hello' }],
    });
    await supervisor.cancelJob(jobId);
    expect(await end(jobId)).toMatchObject({
      status: 'CANCELLED',
      signals: [],
      killed: false,
      stopCommand: { exitCode: 0, message: 'It ended with exit code 0: it is asked' },
    });
    expect(readFileSync(scratch.file('who'), 'utf8')).toBe(`${String(jobId)} hello\n`);
    expect(heard()).toEqual(['USR1']);
  });

  it('that fails is followed by the polite signal at once', async () => {
    const jobId = await running({ stopSignal: 'SIGUSR1', ...sh('echo no such database >&2; exit 7') });
    await supervisor.cancelJob(jobId);
    expect(await end(jobId)).toMatchObject({
      signals: ['SIGUSR1'],
      killed: false,
      stopCommand: { exitCode: 7, message: 'It ended with exit code 7: no such database' },
    });
  });

  it('that does not end is killed with its group when the grace period is over, as is the job', async () => {
    const jobId = await running({ gracePeriodMs: 500, ...sh('trap "" TERM; sleep 1000 & wait') });
    await supervisor.cancelJob(jobId);
    expect(await end(jobId)).toMatchObject({
      signals: ['SIGKILL'],
      killed: true,
      stopCommand: { exitCode: null, message: expect.stringContaining('grace period was over') as string },
    });
  });

  it('that does its work but does not end the job leaves it to be killed', async () => {
    const jobId = await running({ gracePeriodMs: 500, ...sh('exit 0') });
    await supervisor.cancelJob(jobId);
    expect(await end(jobId)).toMatchObject({ signals: ['SIGKILL'], stopCommand: { exitCode: 0 } });
  });

  it('is not run where the job is killed at once, nor for a program that has gone', async () => {
    const killed = await running(sh('echo >>ran'));
    await supervisor.cancelJob(killed, { gracePeriodMs: 0 });
    expect(await end(killed)).toMatchObject({ stopCommand: null, signals: ['SIGKILL'] });
    const gone = await supervisor.startJob({
      script: 'sleep 1000 & echo $! >child',
      onEnd: 'WAIT',
      ...sh('echo >>ran'),
    });
    await untilTrue(() => readFileSync(scratch.file('child'), 'utf8').trim() !== '');
    await untilTrue(() => readExitRecord(directory.jobDirectory(gone).exitRecordPath).exitStatus === 0);
    await supervisor.cancelJob(gone);
    expect(await end(gone)).toMatchObject({ stopCommand: null, killed: false });
    expect(existsSync(scratch.file('ran'))).toBe(false);
  });

  it('is killed when the server lets go of the job; the next one does not run it again, and sends the signal', async () => {
    const jobId = await running({ stopSignal: 'SIGUSR1', ...sh('echo >>ran; sleep 1000') });
    await supervisor.cancelJob(jobId);
    await untilTrue(() => existsSync(scratch.file('ran')));
    await supervisor.stop('keep');
    expect(readStopCommand(directory.jobDirectory(jobId))).toMatchObject({
      message: 'The server stopped while it ran, so it was killed.',
    });
    supervisor = await open();
    expect(await end(jobId)).toMatchObject({
      signals: ['SIGUSR1'],
      stopCommand: { exitCode: null, message: 'The server stopped while it ran, so it was killed.' },
    });
    expect(readFileSync(scratch.file('ran'), 'utf8')).toBe('\n');
  });

  it('is refused where it is empty, or there is no such program', async () => {
    await expect(supervisor.startJob({ command: ['true'], stopCommand: [] })).rejects.toThrow(
      'The stop command is empty',
    );
    await expect(
      supervisor.startJob({ command: ['true'], stopCommand: ['no-such-program'] }),
    ).rejects.toThrow('was not found');
  });
});
