import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { cancelJob, downloadLog, startJob, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
afterEach(async () => {
  await using ended = server;
  await ended.assertNothingIsLeft();
});

it('that runs when the server is killed is not run again: the next one sends the signal, and sweeps both', async () => {
  server = await LifelineServer.start();
  const ran = server.scratch.file('ran');
  const jobId = await startJob(server, {
    script: 'trap "echo INT; exit 0" INT; trap "echo TERM" TERM; echo up; while :; do sleep 0.05; done',
    stopSignal: 'SIGINT',
    stopCommand: ['sh', '-c', `echo once >>${ran}; sleep 600`],
    gracePeriodMs: 120_000,
  });
  await untilStatus(server, jobId, 'RUNNING');
  await untilTrue(async () => (await downloadLog(server, jobId, 'stdout')).length > 0, { what: 'its traps' });
  await cancelJob(server, jobId);
  await untilTrue(() => existsSync(ran), { what: 'the stop command' });
  await server.restart('SIGKILL');
  expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', exitCode: 0 });
  expect((await downloadLog(server, jobId, 'stdout')).toString()).toBe('up\nINT\n');
  expect(readFileSync(ran, 'utf8')).toBe('once\n');
  const { job } = await server.ask<{ job: { cancellation: { stopCommand: unknown } } }>(
    'query ($id: ID!) { job(id: $id) { cancellation { stopCommand { exitCode message } } } }',
    { id: jobId },
  );
  expect(job.cancellation.stopCommand).toEqual({
    exitCode: null,
    message: 'A server ended while it ran; it was not run again.',
  });
});
