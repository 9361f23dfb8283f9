import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { canBeHeldBy } from './harness/containment.ts';
import {
  cancelJob,
  findJob,
  followJob,
  programPath,
  startJob,
  startScript,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { isRunning, signal } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

async function startServer(means: string): Promise<void> {
  server = await LifelineServer.start({ args: ['--containment', means] });
}

const MEANS = ['cgroup', 'subreaper'] as const;
const available = new Map<string, boolean>();
for (const means of MEANS) available.set(means, await canBeHeldBy(means));

/** The pids that the test program has written down itself. */
function writtenPids(file: string): number[] {
  return readFileSync(file, 'utf8').trim().split('\n').map(Number);
}

async function startEscaping(gracePeriodMs = 300): Promise<{ jobId: string; file: string }> {
  const file = server.scratch.file('pids');
  const jobId = await startJob(server, { command: [programPath('escapes.sh'), file], gracePeriodMs });
  using stream = await followJob(server, jobId);
  await stream.untilEvent(({ data }) => data.includes('"ready"'));
  // The child that stops itself, the one that has left by two forks, and some of those that go on coming.
  await untilTrue(() => existsSync(file) && writtenPids(file).length >= 10);
  return { jobId, file };
}

describe.each(MEANS)('a job that does all to escape, held by a %s', (means) => {
  it.skipIf(available.get(means) === false)('leaves nothing behind, and the report names all', async () => {
    await startServer(means);
    const { containment, containmentMeans } = (
      await server.ask<{ server: { containment: string; containmentMeans: string } }>(
        '{ server { containment containmentMeans } }',
      )
    ).server;
    expect([containment, containmentMeans]).toEqual(['CONTAINED', means.toUpperCase()]);
    const { jobId, file } = await startEscaping();
    const asked = writtenPids(file);
    await cancelJob(server, jobId);
    const job = await untilOver(server, jobId);
    expect(writtenPids(file).filter(isRunning)).toEqual([]);
    expect(job).toMatchObject({ status: 'CANCELLED', exitCode: 137 });
    expect(job.cancellation).toMatchObject({ containment: 'CONTAINED' });
    const reported = new Map(job.cancellation!.processes.map((process) => [process.pid, process]));
    // A process that is stopped may go before it is killed: the kernel hangs up on the stopped whom nobody could continue.
    for (const pid of asked) expect(reported.get(pid)?.signals.at(-1)).toMatch(/^SIG(KILL|STOP)$/);
    expect(reported.get(job.pid!)?.signals.at(-1)).toBe('SIGKILL');
    expect([...reported.values()].filter(({ goneAt }) => goneAt === null)).toEqual([]);
  });

  it.skipIf(available.get(means) === false)('is held by the next server, too', async () => {
    await startServer(means);
    const { jobId, file } = await startEscaping();
    await server.restart('SIGKILL');
    await cancelJob(server, jobId, 0);
    const job = await untilOver(server, jobId);
    expect(writtenPids(file).filter(isRunning)).toEqual([]);
    expect(job.cancellation).toMatchObject({ containment: 'CONTAINED' });
  });

  it.skipIf(available.get(means) === false)('leaves nothing behind when its program just ends', async () => {
    await startServer(means);
    const file = server.scratch.file('pids');
    const jobId = await startScript(
      server,
      `env -i setsid sh -c '(env -i setsid sh -c "echo \\$\\$ >${file}; exec sleep 1000" >/dev/null 2>&1 &)' & until [ -s ${file} ]; do sleep 0.01; done; exit 4`,
    );
    expect(await untilOver(server, jobId)).toMatchObject({
      status: 'FAILED',
      exitCode: 4,
      cancellation: null,
    });
    expect(writtenPids(file).filter(isRunning)).toEqual([]);
  });
});

describe('a job that nothing holds', () => {
  it('and its strays with a living parent are ended, and the report says that it was a best effort', async () => {
    await startServer('none');
    const file = server.scratch.file('family');
    const jobId = await startJob(server, { command: [programPath('family.sh'), file] });
    await untilTrue(() => existsSync(file) && writtenPids(file).length === 4);
    await untilStatus(server, jobId, 'RUNNING');
    await cancelJob(server, jobId, 0);
    const job = await untilOver(server, jobId);
    expect(job.cancellation).toMatchObject({ containment: 'BEST_EFFORT' });
    expect(writtenPids(file).filter(isRunning)).toEqual([]);
  });

  it.each(['the same', 'the next'])(
    'is known by the parent that a stray once had, also to %s server',
    async (which) => {
      await startServer('none');
      const file = server.scratch.file('family');
      const jobId = await startScript(
        server,
        `env -i setsid sh -c 'echo $$ >${file}; sleep 1000 & echo $! >>${file}; wait' & wait`,
      );
      const { pid } = await untilStatus(server, jobId, 'RUNNING');
      const strays = await untilTrue(
        () => existsSync(file) && writtenPids(file).length === 2 && writtenPids(file),
      );
      const noted = `${server.dataDirectory}/jobs/${jobId}/strays`;
      await untilTrue(
        () =>
          existsSync(noted) &&
          strays.every((stray) => new RegExp(`^${String(stray)} `, 'm').test(readFileSync(noted, 'utf8'))),
        { what: 'the strays on file' },
      );
      if (which === 'the next') await server.end('SIGKILL');
      signal(pid!, 'SIGKILL');
      await untilTrue(() => !isRunning(pid!));
      if (which === 'the next') await server.launch();
      await untilOver(server, jobId);
      expect(strays.filter(isRunning)).toEqual([]);
    },
  );
});

describe('the report of a cancellation', () => {
  it('grows while the job is being ended, and jobChanged shows it', async () => {
    await startServer('auto');
    const jobId = await startJob(server, {
      command: [programPath('ignores-term.sh')],
      gracePeriodMs: 3_600_000,
    });
    {
      using stream = await followJob(server, jobId);
      await stream.untilEvent(({ data }) => data.includes('"ready"'));
    }
    const { pid } = await findJob(server, jobId);
    using changes = await server.subscribe(
      `subscription ($jobId: ID!) { jobChanged(jobId: $jobId) {
         status cancellation { requestedBy finishedAt processes { pid command signals goneAt } } } }`,
      { jobId },
    );
    await cancelJob(server, jobId);
    const program = new RegExp(
      `"pid":${String(pid)},"command":"[^"]*ignores-term.sh","signals":\\["SIGTERM","SIGCONT"\\],"goneAt":null`,
    );
    await changes.untilEvent(({ data }) => program.test(data));
    expect((await findJob(server, jobId)).status).toBe('CANCELLING');
    await cancelJob(server, jobId, 0);
    await changes.untilEvent(({ data }) => data.includes('"SIGKILL"') && data.includes('"finishedAt":null'));
    await changes.untilEnded();
    expect(changes.events.filter(({ event }) => event === 'next').at(-1)?.data).toContain(
      '"status":"CANCELLED"',
    );
  });
});
