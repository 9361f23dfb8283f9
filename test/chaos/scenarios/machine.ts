import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { findJob, startJob } from '../../end-to-end/harness/jobs.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { CountingJob } from '../counting-job.ts';
import type { Scenario } from '../scenario.ts';

const DAY_MS = 86_400_000;
const MANY = 500;

const clockJumps: Scenario = {
  name: 'clock jumps',
  faults: [34],
  injection:
    'Date.now of the server is put wrong by up to a day, several times, in half of the rounds with a restart',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const { server, control, random } = round;
    const jump = (): void => control.setClockErrorMs(random.integer(-DAY_MS, DAY_MS));
    const jobs = (['FAST', 'SLOW'] as const).map(
      (kind) => new CountingJob(round, kind, { timeoutMs: 600_000 }),
    );
    for (const job of jobs) {
      jump();
      await control.report(server);
      await job.start();
      await job.running();
    }
    jump();
    if (round.number % 2 === 0) await server.restart('SIGKILL');
    await control.report(server);
    for (const job of jobs) job.release();
    for (const job of jobs) {
      await job.endedByItself();
      const { durationMs } = await findJob(server, job.jobId);
      assert.ok(durationMs !== null && durationMs >= 0, `a duration of ${durationMs} ms`);
      round.count('clock jumps');
    }
    control.setClockErrorMs(0);
    await control.report(server);
  },
};

const manyJobs: Scenario = {
  name: `${MANY} running jobs at a restart`,
  faults: [105],
  injection: `SIGKILL of a server with ${MANY} running jobs, then a start that adopts them all`,
  leastRounds: 1,
  weight: 0,
  serverArgs: ['--max-running', String(MANY + 50)],
  async run(round) {
    const { server } = round;
    const gate = server.scratch.file('gate');
    execFileSync('mkfifo', [gate]);
    const jobIds: string[] = [];
    while (jobIds.length < MANY) {
      const exits = Array.from({ length: 25 }, (_, index) => jobIds.length + index);
      const script = (exit: number): string => `echo up; read -r _ <'${gate}'; exit ${exit % 100}`;
      jobIds.push(...(await Promise.all(exits.map((exit) => startJob(server, { script: script(exit) })))));
    }
    const runs = async (): Promise<boolean> => {
      const { activeJobs, queuedJobs } = await server.counters();
      return activeJobs === MANY && queuedJobs === 0;
    };
    await untilTrue(runs, { what: `${MANY} running jobs`, limitMs: 120_000 });
    await untilTrue(async () => (await findJob(server, jobIds.at(-1) ?? '')).status === 'RUNNING');
    await server.end('SIGKILL');
    const startedAtMs = performance.now();
    await server.launch();
    round.count(`ready after ms with ${MANY} jobs`, Math.round(performance.now() - startedAtMs));
    assert.ok(await runs(), 'not all were adopted');
    await untilTrue(
      async () => {
        letGo(gate);
        return (await server.counters()).activeJobs === 0;
      },
      { what: 'the end of all jobs', limitMs: 120_000 },
    );
    for (const [index, jobId] of jobIds.entries()) {
      const { reason, exitCode } = await findJob(server, jobId);
      assert.deepEqual({ reason, exitCode }, { reason: 'EXITED', exitCode: index % 100 }, `job ${jobId}`);
    }
    round.count('jobs adopted', MANY);
  },
};

/** A writer that opens and closes lets all go that wait for one. */
function letGo(fifo: string): void {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    // Nobody waits just now.
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
  }
}

export const machineFaults: readonly Scenario[] = [clockJumps, manyJobs];
