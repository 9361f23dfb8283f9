import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { cancelJob, doneOf, findJob, followJob, logEvents, startScript, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { descriptorCount } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer | undefined;
afterEach(async () => {
  try {
    await server?.assertNothingIsLeft();
  } finally {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  }
});

describe('300 jobs at once on a server that runs 8', () => {
  it('all run, in order, and never more than 8 together', { timeout: 180_000 }, async () => {
    server = await LifelineServer.start({ args: ['--max-running', '8'] });
    const file = server.scratch.file('journal');
    const started = server;
    const jobIds = await Promise.all(
      Array.from({ length: 300 }, () =>
        startScript(started, `echo "start $$" >>${file}; sleep 0.01; echo "end $$" >>${file}`),
      ),
    );
    let most = 0;
    await untilTrue(
      async () => {
        const { activeJobs, queuedJobs } = await started.counters();
        most = Math.max(most, activeJobs);
        return activeJobs + queuedJobs === 0;
      },
      { limitMs: 120_000 },
    );
    expect(most).toBeLessThanOrEqual(8);
    let running = 0;
    let together = 0;
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      running += line.startsWith('start') ? 1 : -1;
      together = Math.max(together, running);
    }
    expect(running).toBe(0);
    expect(together).toBeLessThanOrEqual(8);
    const { jobs } = await server.ask<{
      jobs: { edges: { node: { id: string; status: string; startedAt: string } }[] };
    }>('{ jobs(first: 400, where: { statuses: [SUCCEEDED] }) { edges { node { id status startedAt } } } }');
    const succeeded = new Map(jobs.edges.map(({ node }) => [node.id, node]));
    expect(jobIds.filter((jobId) => !succeeded.has(jobId))).toEqual([]);
  });
});

describe('a queued job', () => {
  it('has a channel and readers, and can be cancelled: it never runs, and they get its end', async () => {
    server = await LifelineServer.start({ args: ['--max-running', '1'] });
    const word = server.scratch.file('word');
    const ran = server.scratch.file('ran');
    const first = await startScript(server, `until [ -e ${word} ]; do sleep 0.02; done`);
    const second = await startScript(server, `echo ran >>${ran}`);
    const third = await startScript(server, 'exit 0');
    expect(await findJob(server, second)).toMatchObject({ status: 'QUEUED', pid: null, startedAt: null });
    using stream = await followJob(server, second);
    expect(await cancelJob(server, second)).toMatchObject({
      status: 'CANCELLED',
      reason: 'CANCEL_REQUESTED',
      startedAt: null,
    });
    expect(await stream.untilEnded()).toBe('end');
    expect(doneOf(logEvents(stream)).job.transitions.map(({ to }) => to)).toEqual(['QUEUED', 'CANCELLED']);
    expect(await server.counters()).toMatchObject({ activeJobs: 1, queuedJobs: 1, openChannels: 2 });
    writeFileSync(word, '');
    for (const jobId of [first, third]) expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
    expect(() => readFileSync(ran)).toThrow(/ENOENT/);
  });
});

describe('a server that runs out of descriptors', () => {
  it(
    'refuses or fails the jobs that it cannot launch, says so, and lives',
    { timeout: 120_000 },
    async () => {
      server = await LifelineServer.start({ args: ['--max-running', '100'] });
      const started = server;
      const { pid } = server;
      const limit = descriptorCount(pid) + 40;
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${String(limit)}:`]);
      const word = server.scratch.file('word');
      const answers = await Promise.allSettled(
        Array.from({ length: 40 }, (_, index) =>
          startScript(started, `until [ -e ${word} ]; do sleep 0.05; done; exit ${String(index % 2)}`),
        ),
      );
      writeFileSync(word, '');
      await untilTrue(async () => {
        const { activeJobs, queuedJobs } = await started.counters();
        return activeJobs + queuedJobs === 0;
      });
      execFileSync('prlimit', ['--pid', String(pid), '--nofile=1000:']);
      const jobIds = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const jobs = await Promise.all(jobIds.map((jobId) => findJob(started, jobId)));
      // At which step a descriptor is wanting is not ours to say: some are refused at once, some fail at their launch.
      const refused = answers.filter(({ status }) => status === 'rejected');
      const failed = jobs.filter(({ reason }) => reason === 'LAUNCH_FAILED');
      expect(refused.length + failed.length).toBeGreaterThan(0);
      // One that ran already when its supervision failed is ended, and says so (decision 10).
      const ends = jobs.map(({ status, reason, message }) =>
        message?.startsWith('Lifeline failed while') === true ? message : `${status} ${reason}`,
      );
      const allowed = /^(SUCCEEDED EXITED|FAILED EXITED|FAILED LAUNCH_FAILED|Lifeline failed while .*)$/;
      for (const end of ends) expect(end).toMatch(allowed);
      expect(server.pid).toBe(pid);
      expect((await untilOver(server, await startScript(server, 'exit 0'))).status).toBe('SUCCEEDED');
    },
  );
});
