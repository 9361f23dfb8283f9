import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelJob,
  findJob,
  followJob,
  lastSeqOf,
  programPath,
  startJob,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { ServerControl } from './harness/server-control.ts';
import { untilTrue } from './harness/until-true.ts';

const DAY_MS = 86_400_000;

let control: ServerControl;
let server: LifelineServer;

beforeEach(async () => {
  control = new ServerControl();
  server = await LifelineServer.start(control.options);
});

afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
    control[Symbol.dispose]();
  }
});

async function setClock(errorMs: number): Promise<void> {
  control.setClockErrorMs(errorMs);
  await control.report(server);
}

describe.each([
  ['forward', DAY_MS],
  ['back', -DAY_MS],
])('a wall clock that jumps %s by a day', (_, errorMs) => {
  it('ends no job before its timeout, neither in one life of the server nor over a restart', async () => {
    const word = server.scratch.file('word');
    const script = `until [ -e ${word} ]; do sleep 0.02; done; exit 5`;
    const jobId = await startJob(server, { script, timeoutMs: 3_600_000 });
    await untilStatus(server, jobId, 'RUNNING');
    await setClock(errorMs);
    expect(await findJob(server, jobId)).toMatchObject({ status: 'RUNNING' });
    await server.restart('SIGKILL');
    expect(await findJob(server, jobId)).toMatchObject({ status: 'RUNNING' });
    // Timers that are due come before a job that has yet to end.
    writeFileSync(word, '');
    const job = await untilOver(server, jobId);
    expect(job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 5 });
    expect(job.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('does not put off the timeout of a job, also over a restart', async () => {
    const jobId = await startJob(server, { script: 'exec sleep 1000', timeoutMs: 2_000 });
    await untilStatus(server, jobId, 'RUNNING');
    await setClock(errorMs);
    await server.restart('SIGKILL');
    const job = await untilOver(server, jobId);
    expect(job).toMatchObject({ status: 'TIMED_OUT', reason: 'TIMEOUT' });
    expect(job.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('does not cut short the grace period of a cancel, also over a restart', async () => {
    const command = [programPath('ignores-term.sh')];
    const jobId = await startJob(server, { command, gracePeriodMs: 600_000 });
    using stream = await followJob(server, jobId);
    await untilTrue(() => lastSeqOf(stream) === 1);
    await cancelJob(server, jobId);
    await setClock(errorMs);
    await server.restart('SIGKILL');
    // A job that is begun and ended meanwhile: what was due at the adoption has come before.
    await untilOver(server, await startJob(server, { script: 'true' }));
    expect(await findJob(server, jobId)).toMatchObject({
      status: 'CANCELLING',
      cancellation: { killedAt: null },
    });
    await cancelJob(server, jobId, 0);
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', exitCode: 137 });
  });

  it('leaves jobs in the order in which they came, and their lines in theirs', async () => {
    const first = await startJob(server, { script: 'seq 1 5' });
    await untilOver(server, first);
    await setClock(errorMs);
    const second = await startJob(server, { script: 'seq 1 5' });
    await untilOver(server, second);
    const { jobs } = await server.ask<{ jobs: { edges: { node: { id: string } }[] } }>(
      '{ jobs(first: 2) { edges { node { id } } } }',
    );
    expect(jobs.edges.map(({ node }) => node.id)).toEqual([second, first]);
  });
});
