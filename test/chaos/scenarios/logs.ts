import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastSeqOf, followJob } from '../../end-to-end/harness/jobs.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { CountingJob } from '../counting-job.ts';
import type { WholeLog } from '../readers.ts';
import type { Round, Scenario } from '../scenario.ts';

/** A job whose first lines are numbered, and the path of its standard output. */
async function counting(round: Round): Promise<{ job: CountingJob; path: string }> {
  const { server } = round;
  const job = new CountingJob(round, 'SLOW');
  const jobId = await job.start();
  using stream = await followJob(server, jobId);
  await untilTrue(() => lastSeqOf(stream) >= 6, { what: 'the first lines' });
  return { job, path: join(server.dataDirectory, 'jobs', jobId, 'stdout') };
}

/** `end` has checked that no number was given twice or left out; the exit code must be true whatever became of the log. */
async function endsTruly(job: CountingJob): Promise<WholeLog> {
  const log = await job.end();
  assert.deepEqual(
    { reason: log.job.reason, exitCode: log.job.exitCode },
    { reason: 'EXITED', exitCode: job.exitCode },
  );
  return log;
}

const truncated: Scenario = {
  name: 'log truncated',
  faults: [46],
  injection: 'standard output is cut to nothing while the job writes, in half of the rounds with a restart',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const { server } = round;
    const { job, path } = await counting(round);
    truncateSync(path);
    if (round.number % 2 === 0) await server.restart('SIGKILL');
    job.release();
    await endsTruly(job);
  },
};

const deleted: Scenario = {
  name: 'log deleted or renamed',
  faults: [47],
  injection:
    'standard output is removed or renamed while the job writes, in half of the rounds with a restart',
  leastRounds: 2,
  weight: 1,
  async run(round) {
    const { server, random } = round;
    const { job, path } = await counting(round);
    if (random.next() < 0.5) rmSync(path);
    else renameSync(path, `${path}.away`);
    if (round.number % 2 === 0) await server.restart('SIGKILL');
    job.release();
    await endsTruly(job);
  },
};

const replaced: Scenario = {
  name: 'log replaced by a symbolic link',
  faults: [48],
  injection: 'standard output becomes a link to a file that is nobody’s business, with and without a restart',
  leastRounds: 2,
  weight: 1,
  // The download that is refused.
  expectedErrors: /ELOOP/,
  async run(round) {
    const { server } = round;
    const { job, path } = await counting(round);
    const secret = server.scratch.file(`${round.name}-secret`);
    writeFileSync(secret, 'secret\n'.repeat(10_000));
    const restarts = round.number % 2 === 0;
    if (restarts) await server.end('SIGKILL');
    renameSync(path, `${path}.away`);
    symlinkSync(secret, path);
    if (restarts) await server.launch();
    job.release();
    const log = await endsTruly(job);
    assert.ok(!log.lines.some(({ text }) => text.includes('secret')), 'the link was followed');
    const download = await server.call({ path: `/jobs/${job.jobId}/log?stream=stdout` });
    assert.ok(!download.text.includes('secret'), 'the download followed the link');
  },
};

export const logFaults: readonly Scenario[] = [truncated, deleted, replaced];
