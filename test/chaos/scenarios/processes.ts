import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { findJob } from '../../end-to-end/harness/jobs.ts';
import { childrenOf, isRunning, processesMentioning, signal } from '../../end-to-end/harness/processes.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { isAlive, openDatabase } from '../after-round.ts';
import { CountingJob, type JobKind } from '../counting-job.ts';
import type { Round, Scenario } from '../scenario.ts';
import { Stranger } from '../stranger.ts';

async function running(round: Round, kind: JobKind): Promise<CountingJob> {
  const job = new CountingJob(round, kind);
  await job.start();
  await job.running();
  return job;
}

const frozen: Scenario = {
  name: 'server frozen by SIGSTOP',
  faults: [37, 45],
  injection: 'SIGSTOP, jobs that go on and end, SIGCONT',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const { server, random } = round;
    const jobs = [await running(round, 'FAST'), await running(round, 'SLOW')];
    signal(server.pid, 'SIGSTOP');
    await delay(random.next() * 300);
    for (const job of jobs) job.release();
    for (const job of jobs) await job.stopped();
    signal(server.pid, 'SIGCONT');
    for (const job of jobs) await job.endedByItself();
  },
};

const endedMeanwhile: Scenario = {
  name: 'jobs that end while no server is there',
  faults: [4, 37],
  injection: 'SIGKILL of the server, then the end of the jobs, then the next start',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const { server } = round;
    const jobs = [await running(round, 'FAST'), await running(round, 'SILENT')];
    await server.end('SIGKILL');
    for (const job of jobs) job.release();
    for (const job of jobs) await job.stopped();
    await untilTrue(() => server.jobProcesses().length === 0, { what: 'the end of the shims' });
    const endedBeforeMs = Date.now();
    await server.launch();
    for (const job of jobs) {
      await job.endedByItself();
      const { finishedAt } = await findJob(server, job.jobId);
      assert.ok(Date.parse(finishedAt ?? '') <= endedBeforeMs, 'the end is later than it was');
    }
  },
};

const shimKilled: Scenario = {
  name: 'shim killed',
  faults: [5],
  injection: 'SIGKILL of the shim alone, in half of the rounds with a restart of the server',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const { server } = round;
    const job = await running(round, 'SILENT');
    await killShim(round, job);
    if (round.number % 2 === 0) await server.restart('SIGKILL');
    assert.ok(job.processes.every(isAlive), 'the program died with its shim');
    job.release();
    await job.endedAs({ status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null });
  },
};

const groupKilled: Scenario = {
  name: 'group killed from outside',
  faults: [6],
  injection: 'SIGKILL of the process group of the program',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const job = await running(round, round.random.pick(['FAST', 'FAMILY'] as const));
    await delay(round.random.next() * 100);
    const [program] = job.processes;
    assert.ok(program !== undefined);
    signal(-program.pid, 'SIGKILL');
    await job.endedAs({ status: 'FAILED', reason: 'KILLED_FROM_OUTSIDE', exitCode: 137 });
  },
};

function elsewhere(name: string, fault: number, column: string, reason: string): Scenario {
  return {
    name,
    faults: [fault],
    injection: `the stored ${column} is changed while no server is there`,
    leastRounds: 1,
    weight: 0.5,
    async run(round) {
      const { server } = round;
      const job = await running(round, 'SILENT');
      await server.end('SIGKILL');
      const database = openDatabase(server);
      database.prepare(`UPDATE ActiveJob SET ${column} = 'another'`).run();
      database.close();
      await server.launch();
      const afterLoss = reason === 'HOST_REBOOTED';
      await job.endedAs({ status: 'LOST', reason, exitCode: null }, { afterLoss });
      assert.ok(job.processes.every(isAlive), 'a process of another boot or namespace was signalled');
      job.release();
      await job.stopped();
    },
  };
}

const pidReused: Scenario = {
  name: 'pid reused by a stranger',
  faults: [8],
  injection:
    'ns_last_pid gives the pids of the program and of its shim to strangers while no server is there',
  leastRounds: 1,
  weight: 0,
  inNamespaces: ['unshare', '-Urpf', '--mount-proc'],
  async run(round) {
    const { server } = round;
    const job = await running(round, 'SILENT');
    const database = openDatabase(server, { readonly: true });
    const [entry] = database.prepare('SELECT shimPid, programPid FROM ActiveJob').all() as {
      shimPid: number;
      programPid: number;
    }[];
    database.close();
    assert.ok(entry !== undefined);
    await server.end('SIGKILL');
    for (const { pid } of server.jobProcesses()) signal(pid, 'SIGKILL');
    await untilTrue(() => server.jobProcesses().length === 0);
    using program = await Stranger.withPid(entry.programPid);
    using shim = await Stranger.withPid(entry.shimPid);
    await server.launch();
    await job.endedAs({ status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null });
    assert.ok(isRunning(program.pid) && isRunning(shim.pid), 'a stranger was signalled');
    round.count('pids reused', 2);
  },
};

const zombieShims: Scenario = {
  name: 'shims that nobody reaps',
  faults: [11],
  injection: 'orphaned shims under a first process that waits for none; one of them is killed, one ends',
  leastRounds: 1,
  weight: 0,
  inNamespaces: ['unshare', '-Urpf', '--mount-proc'],
  orphansAreReaped: false,
  async run(round) {
    const { server } = round;
    const [ended, orphan] = [await running(round, 'SLOW'), await running(round, 'SILENT')];
    await server.restart('SIGKILL');
    await killShim(round, orphan);
    for (const job of [ended, orphan]) job.release();
    await orphan.endedAs({ status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null });
    await ended.endedByItself();
    const zombies = childrenOf(1).filter((pid) => !isRunning(pid));
    assert.ok(zombies.length >= 2, 'nothing was left unreaped');
    round.count('zombies', zombies.length);
  },
};

/** All shells of a job's shim, the one that records the end included. */
async function killShim({ server }: Round, job: CountingJob): Promise<void> {
  const shims = (): { pid: number }[] =>
    processesMentioning(join(server.dataDirectory, 'jobs', job.jobId)).filter(({ command }) =>
      command.includes('shim.sh'),
    );
  assert.ok(shims().length > 0, 'no shim was found');
  for (const { pid } of shims()) signal(pid, 'SIGKILL');
  await untilTrue(() => shims().length === 0, { what: 'the death of the shim' });
}

export const processFaults: readonly Scenario[] = [
  frozen,
  endedMeanwhile,
  shimKilled,
  groupKilled,
  elsewhere('boot id changed', 9, 'bootId', 'HOST_REBOOTED'),
  elsewhere('pid namespace changed', 10, 'pidNamespace', 'IDENTITY_GONE'),
  pidReused,
  zombieShims,
];
