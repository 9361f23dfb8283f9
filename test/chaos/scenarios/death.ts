import { setTimeout as delay } from 'node:timers/promises';
import { CHECKPOINTS_OF_A_RUN, type CheckpointOfARun } from '../../../src/domain/checkpoint.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { CountingJob, type JobKind } from '../counting-job.ts';
import { isAbsence } from '../readers.ts';
import type { Round, Scenario } from '../scenario.ts';

const KINDS: readonly JobKind[] = ['FAST', 'SLOW', 'SILENT', 'FAMILY'];

const killedAtAnyTime: Scenario = {
  name: 'kill -9 of the server',
  faults: [1, 4, 37, 62, 72],
  injection: 'SIGKILL at a random time under fast, slow and silent jobs with readers that reconnect',
  leastRounds: 50,
  weight: 12,
  async run(round) {
    const { server, random } = round;
    const kinds = random.next() < 0.25 ? KINDS : KINDS.slice(0, 3);
    const jobs = kinds.map((kind) => new CountingJob(round, kind));
    const started = startAll(jobs);
    if (random.next() < 0.6) await allRun(started, jobs);
    await delay(random.next() * 100);
    await server.end('SIGKILL');
    round.count('kill -9 at any time');
    if (random.next() < 0.25) await killDuringStart(round);
    // Some end while nobody is there.
    if (random.next() < 0.25) for (const job of jobs) job.release();
    await server.launch();
    await started;
    for (const job of jobs) job.release();
    for (const job of jobs) await countLaunch(round, job);
  },
};

/** How many passages there are to choose from in a round of three jobs. */
const PASSAGES: Readonly<Record<CheckpointOfARun, number>> = {
  SHIM_SPAWNED: 3,
  IDENTITY_STORED: 3,
  GATE_OPENED: 3,
  INDEX_APPENDED: 15,
  BATCH_PUBLISHED: 15,
  TRANSITION_WRITTEN: 12,
  DATABASE_COMMITTED: 15,
  EXIT_SEEN: 3,
};

const FAULTS_AT: Readonly<Partial<Record<CheckpointOfARun, readonly number[]>>> = {
  SHIM_SPAWNED: [2],
  IDENTITY_STORED: [2],
  GATE_OPENED: [3],
  INDEX_APPENDED: [51],
  BATCH_PUBLISHED: [51],
  TRANSITION_WRITTEN: [90, 106],
  DATABASE_COMMITTED: [90],
  EXIT_SEEN: [45],
};

const killedAtCheckpoints = CHECKPOINTS_OF_A_RUN.map((checkpoint): Scenario => ({
  name: `death at ${checkpoint}`,
  faults: FAULTS_AT[checkpoint] ?? [],
  injection: 'the checkpoint port kills at a random passage while three jobs start, run and end',
  leastRounds: 2,
  weight: 2,
  async run(round) {
    const { server, control, random } = round;
    const jobs = (['FAST', 'SLOW', 'FAMILY'] as const).map((kind) => new CountingJob(round, kind));
    control.killAt(checkpoint, random.integer(1, PASSAGES[checkpoint]));
    await control.report(server);
    const started = startAll(jobs);
    await untilTrue(() => !server.running || jobs.every((job) => job.hasRun));
    await delay(random.next() * 200);
    for (const job of jobs) job.release();
    await untilTrue(async () => !server.running || (await isIdle(round)), {
      what: `a kill at ${checkpoint}`,
    });
    if (control.spare() && server.running) round.count('passage not reached');
    else round.count(checkpoint);
    if (server.running) await control.report(server);
    else await server.launch();
    await started;
    for (const job of jobs) await countLaunch(round, job);
  },
}));

const killedWhileReconciling: Scenario = {
  name: 'death at JOB_RECONCILED',
  faults: [100],
  injection: 'the checkpoint port kills between two jobs of a start, up to three times in a row',
  leastRounds: 2,
  weight: 2,
  async run(round) {
    const { server, control, random } = round;
    const jobs = KINDS.map((kind) => new CountingJob(round, kind));
    await allRun(startAll(jobs), jobs);
    await server.end('SIGKILL');
    if (random.next() < 0.5) jobs[0]?.release();
    for (let death = random.integer(1, 3); death > 0; death -= 1) {
      control.killAt('JOB_RECONCILED', random.integer(1, jobs.length));
      await launchAndDie(round);
      round.count('JOB_RECONCILED');
    }
    await server.launch();
    for (const job of jobs) job.release();
    for (const job of jobs) await job.endedByItself();
  },
};

const killedWhileCancelling: Scenario = {
  name: 'kill -9 around a cancel',
  faults: [7, 16, 17, 18],
  injection: 'SIGKILL of the server at a random time around the cancel of a job with a family',
  leastRounds: 3,
  weight: 2,
  async run(round) {
    const { server, random } = round;
    const job = new CountingJob(round, 'FAMILY', { gracePeriodMs: random.integer(0, 200) });
    const jobId = await job.start();
    await job.running();
    const cancel = async (): Promise<unknown> =>
      server.ask('mutation ($id: ID!) { cancelJob(jobId: $id) { id } }', { id: jobId });
    const answer = cancel().then(
      () => true,
      () => false,
    );
    await delay(random.next() * 60);
    await server.end('SIGKILL');
    await server.launch();
    // Only an intent whose answer came is stored for sure.
    if (!(await answer)) await cancel();
    await job.endedAs({ status: 'CANCELLED', reason: 'CANCEL_REQUESTED' });
    round.count('cancel');
  },
};

export const deaths: readonly Scenario[] = [
  killedAtAnyTime,
  ...killedAtCheckpoints,
  killedWhileReconciling,
  killedWhileCancelling,
];

async function startAll(jobs: readonly CountingJob[]): Promise<void> {
  const started = Promise.all(jobs.map((job) => job.start())).then(() => undefined);
  started.catch(() => undefined); // It may fail before anybody waits for it.
  return started;
}

async function allRun(started: Promise<void>, jobs: readonly CountingJob[]): Promise<void> {
  await started;
  for (const job of jobs) await job.running();
}

async function countLaunch(round: Round, job: CountingJob): Promise<void> {
  const { reason } = (await job.endedHonestly()).job;
  round.count(reason === 'LAUNCH_FAILED' ? 'jobs that never ran' : 'jobs that ended by themselves');
}

async function isIdle({ server }: Round): Promise<boolean> {
  try {
    const { activeJobs, queuedJobs } = await server.counters();
    return activeJobs + queuedJobs === 0;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

async function launchAndDie({ server }: Round): Promise<void> {
  await server.launch().then(
    () => {
      throw new Error('the server survived a start in which it was to die');
    },
    () => undefined,
  );
}

/** A kill at any moment of a start; it may come after the server was ready. */
async function killDuringStart(round: Round): Promise<void> {
  const { server, random } = round;
  const launch = server.launch().catch(() => undefined);
  await delay(random.next() * 500);
  if (server.running) await server.end('SIGKILL');
  await launch;
  round.count('kill -9 during a start');
}
