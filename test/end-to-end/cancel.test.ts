import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  cancelJob,
  doneOf,
  findJob,
  followJob,
  linesOf,
  logEvents,
  nodeProgram,
  programPath,
  readWholeLog,
  startJob,
  startScript,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { isRunning, signalGroup } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
beforeAll(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  await server.assertNothingIsLeft();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const NEVER_MS = 3_600_000;

/** Starts a job and waits for the line `ready`. */
async function startReady(input: Record<string, unknown>): Promise<string> {
  const jobId = await startJob(server, input);
  using stream = await followJob(server, jobId);
  await stream.untilEvent(({ data }) => data.includes('"ready"'));
  return jobId;
}

describe('a job that is cancelled', () => {
  it('gets the polite signal and may say good bye', async () => {
    const jobId = await startReady({ command: [programPath('says-goodbye.sh')], gracePeriodMs: NEVER_MS });
    using stream = await followJob(server, jobId);
    const answer = await cancelJob(server, jobId);
    expect(['CANCELLING', 'CANCELLED']).toContain(answer.status);
    expect(await stream.untilEnded()).toBe('end');
    const { job } = doneOf(logEvents(stream));
    expect(job).toMatchObject({ status: 'CANCELLED', reason: 'CANCEL_REQUESTED', exitCode: 7 });
    expect(job.cancellation).toMatchObject({
      reason: 'CANCEL_REQUESTED',
      gracePeriodMs: NEVER_MS,
      killedAt: null,
      requestedBy: 'the API token, from 127.0.0.1',
    });
    expect(
      linesOf(logEvents(stream))
        .map(({ text }) => text)
        .sort(),
    ).toEqual(['good bye', 'ready', 'so long']);
    expect(job.transitions.map(({ to }) => to)).toEqual([
      'QUEUED',
      'STARTING',
      'RUNNING',
      'CANCELLING',
      'CANCELLED',
    ]);
  });

  it('and ignores the polite signal is killed after its grace period, and the report says so', async () => {
    const jobId = await startReady({ command: [programPath('ignores-term.sh')], gracePeriodMs: 300 });
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    await cancelJob(server, jobId);
    const job = await untilOver(server, jobId);
    expect(job).toMatchObject({ status: 'CANCELLED', exitCode: 137, signal: 'SIGKILL' });
    const { requestedAt, killedAt } = await times(jobId);
    expect(killedAt - requestedAt).toBeGreaterThanOrEqual(290);
    expect(job.message).toContain('killed');
    const program = job.cancellation?.processes.find((process) => process.pid === pid);
    expect(program?.signals).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
    expect(job.cancellation?.processes.every(({ goneAt }) => goneAt !== null)).toBe(true);
  });

  it('while it is stopped is woken, and ends by the polite signal', async () => {
    const jobId = await startReady({ script: 'echo ready; exec sleep 1000', gracePeriodMs: NEVER_MS });
    // A line can be there a moment before the pid is.
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    await signalGroup(pid!, 'SIGSTOP');
    await cancelJob(server, jobId);
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', exitCode: 143 });
    expect((await findJob(server, jobId)).cancellation?.killedAt).toBeNull();
  });

  it('twice, or by many at once, is cancelled once; only a shorter grace period counts', async () => {
    const jobId = await startReady({ command: [programPath('ignores-term.sh')] });
    await cancelJob(server, jobId, NEVER_MS);
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancelJob(server, jobId, NEVER_MS)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['CANCELLING']));
    await cancelJob(server, jobId, 2 * NEVER_MS);
    expect((await findJob(server, jobId)).cancellation?.gracePeriodMs).toBe(NEVER_MS);
    await cancelJob(server, jobId, 0);
    const job = await untilOver(server, jobId);
    expect(job).toMatchObject({ status: 'CANCELLED', exitCode: 137 });
    expect(job.cancellation?.gracePeriodMs).toBe(0);
    expect(job.transitions.map(({ to }) => to)).toEqual([
      'QUEUED',
      'STARTING',
      'RUNNING',
      'CANCELLING',
      'CANCELLED',
    ]);
  });

  it('after its end is returned unchanged', async () => {
    const jobId = await startScript(server, 'exit 3');
    const before = await untilOver(server, jobId);
    expect(await cancelJob(server, jobId)).toEqual(before);
    expect(await cancelJob(server, jobId, 0)).toEqual(before);
    expect(await findJob(server, jobId)).toEqual(before);
  });

  it('just while it ends has one end, whichever came first', async () => {
    for (let round = 0; round < 20; round += 1) {
      const jobId = await startScript(server, 'echo x; exit 0');
      using stream = await followJob(server, jobId);
      await Promise.all([cancelJob(server, jobId), cancelJob(server, jobId, 0)]);
      expect(await stream.untilEnded()).toBe('end');
      const { job } = doneOf(logEvents(stream));
      expect(['SUCCEEDED', 'CANCELLED']).toContain(job.status);
      expect(await findJob(server, jobId)).toEqual(job);
      expect(job.transitions.filter(({ to }) => to === job.status)).toHaveLength(1);
    }
  });

  it('that does not exist is a coded error', async () => {
    for (const jobId of ['999999', '-1', 'x']) {
      const { errors } = await server.graphql('mutation ($id: ID!) { cancelJob(jobId: $id) { id } }', {
        id: jobId,
      });
      expect(errors.map(({ extensions }) => extensions?.code)).toEqual(['JOB_NOT_FOUND']);
    }
  });
});

describe('the descendants of a job', () => {
  it('are cancelled with it, in other sessions and without an environment, too', async () => {
    const file = server.scratch.file('family');
    const jobId = await startReady({ command: [programPath('family.sh'), file], gracePeriodMs: NEVER_MS });
    const pids = await untilTrue(() => {
      const written = readFileSync(file, 'utf8').trim().split('\n').map(Number);
      return written.length === 4 ? written : false;
    });
    expect(pids.every(isRunning)).toBe(true);
    await cancelJob(server, jobId);
    const job = await untilOver(server, jobId);
    expect(job.status).toBe('CANCELLED');
    expect(pids.filter(isRunning)).toEqual([]);
    const reported = new Map(job.cancellation?.processes.map((process) => [process.pid, process]));
    for (const pid of pids) expect(reported.get(pid)?.signals[0]).toBe('SIGTERM');
  });

  it('are swept when their leader ends', async () => {
    const { lines, job } = await readWholeLog(
      server,
      await startScript(
        server,
        'sleep 1000 & echo $!; setsid sleep 1000 & echo $!; sh -c "trap \\"\\" HUP; exec sleep 1000" & echo $!; exit 0',
      ),
    );
    expect(job).toMatchObject({ status: 'SUCCEEDED', exitCode: 0 });
    expect(lines).toHaveLength(3);
    expect(lines.map(({ text }) => Number(text)).filter(isRunning)).toEqual([]);
  });

  it('are waited for where the job says so, and can then be cancelled', async () => {
    const jobId = await startJob(server, {
      script: 'sleep 1000 & echo $!; exit 5',
      onEnd: 'WAIT',
      gracePeriodMs: NEVER_MS,
    });
    using stream = await followJob(server, jobId);
    await stream.untilEvent(({ data }) => data.includes('LogLines'));
    const child = Number(linesOf(logEvents(stream))[0]?.text);
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    await untilTrue(() => !isRunning(pid!));
    expect(isRunning(child)).toBe(true);
    await cancelJob(server, jobId);
    expect(await stream.untilEnded()).toBe('end');
    expect(doneOf(logEvents(stream)).job).toMatchObject({ status: 'CANCELLED', reason: 'CANCEL_REQUESTED' });
    expect(isRunning(child)).toBe(false);
  });
});

describe('a job with a timeout', () => {
  it('is ended by it, and says that it was', async () => {
    const jobId = await startJob(server, { script: 'echo up; exec sleep 1000', timeoutMs: 300 });
    const { job, lines } = await readWholeLog(server, jobId);
    expect(job).toMatchObject({ status: 'TIMED_OUT', reason: 'TIMEOUT', exitCode: 143 });
    expect(job.durationMs).toBeGreaterThanOrEqual(290);
    expect(lines.map(({ text }) => text)).toEqual(['up']);
    expect(job.cancellation).toMatchObject({ reason: 'TIMEOUT' });
  });

  it('that its program ignores is killed', async () => {
    const jobId = await startJob(server, {
      command: [programPath('ignores-term.sh')],
      timeoutMs: 500,
      gracePeriodMs: 100,
    });
    expect(await untilOver(server, jobId)).toMatchObject({
      status: 'TIMED_OUT',
      reason: 'TIMEOUT',
      exitCode: 137,
    });
  });

  it('that is longer than its life is not touched by it', async () => {
    const jobId = await startJob(server, {
      command: nodeProgram('count.mjs', 10, 5),
      timeoutMs: 2_147_483_647,
    });
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'SUCCEEDED', cancellation: null });
  });
});

async function times(jobId: string): Promise<{ requestedAt: number; killedAt: number }> {
  const { job } = await server.ask<{ job: { cancellation: { requestedAt: string; killedAt: string } } }>(
    'query ($id: ID!) { job(id: $id) { cancellation { requestedAt killedAt } } }',
    { id: jobId },
  );
  return {
    requestedAt: Date.parse(job.cancellation.requestedAt),
    killedAt: Date.parse(job.cancellation.killedAt),
  };
}
