import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { identityOf } from './harness/between-lives.ts';
import { cancelJob, findJob, startScript, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { childrenOf, isRunning, signal } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

/** A pid namespace of its own, whose first process is the server. */
const AS_FIRST_PROCESS = ['unshare', '-Urpf', '--mount-proc', '--kill-child'];
const possible = spawnSync('unshare', [...AS_FIRST_PROCESS.slice(1), 'true']).status === 0;
if (!possible)
  console.warn('SKIPPED: no user namespaces here, so the server cannot be the first process of one.');

let server: LifelineServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function startFirst(...args: string[]): Promise<LifelineServer> {
  server = await LifelineServer.start({ wrapper: AS_FIRST_PROCESS, wrapperStays: true, args });
  return server;
}

function warnings(about: string): unknown[] {
  return (server?.stderr ?? '')
    .split('\n')
    .filter((line) => line.includes(about))
    .map((line) => JSON.parse(line) as unknown);
}

/** What is dead and nobody has waited for. */
function zombies(of: LifelineServer): number[] {
  return childrenOf(of.pid).filter((pid) => !isRunning(pid));
}

async function untilIdle(of: LifelineServer): Promise<void> {
  await untilTrue(async () => Object.values(await of.counters()).every((count) => count === 0));
  expect(of.jobProcesses()).toEqual([]);
}

it('a server that is not the first process says nothing of it', async () => {
  server = await LifelineServer.start();
  await untilOver(server, await startScript(server, 'setsid sleep 1000 &'));
  expect(warnings('init')).toEqual([]);
  await server.assertNothingIsLeft();
});

describe.skipIf(!possible)('a server that is the first process of its container', () => {
  it('says so at its start, and what to do', async () => {
    const first = await startFirst();
    expect(warnings('first process')).toEqual([
      expect.objectContaining({
        level: 40,
        msg: expect.stringMatching(/start it under an init \(docker run --init, or tini --\)/) as unknown,
      }),
    ]);
    await untilIdle(first);
    expect(await first.end('SIGTERM')).toBe(0);
  });

  it('takes what its jobs leave behind for gone though nobody reaps it, and says how many there are', async () => {
    const first = await startFirst('--containment', 'none');
    const left = await startScript(first, 'for n in 1 2 3; do setsid sleep 1000 & done; exit 4');
    expect(await untilOver(first, left)).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 4 });
    const cancelled = await startScript(first, '(setsid sleep 1000 &); exec sleep 1000');
    await untilStatus(first, cancelled, 'RUNNING');
    await cancelJob(first, cancelled);
    const { status, cancellation } = await untilOver(first, cancelled);
    expect(status).toBe('CANCELLED');
    expect(cancellation?.killedAt).toBeNull();
    expect(cancellation?.processes.every(({ goneAt }) => goneAt !== null)).toBe(true);
    await untilIdle(first);
    expect(zombies(first).length).toBeGreaterThanOrEqual(3);
    await untilTrue(() => warnings('nobody reaps').length > 0);
    expect(warnings('nobody reaps')[0]).toMatchObject({ level: 40, zombies: expect.any(Number) as number });
  });

  it('sees the death of a shim whose sinks nobody reaps', async () => {
    const first = await startFirst('--containment', 'none');
    const jobId = await startScript(first, 'exec sleep 1000');
    await untilStatus(first, jobId, 'RUNNING');
    // The shim itself is a child that the server waits for; its subshell and its sinks become orphans.
    const shim = childrenOf(first.pid).find((pid) => isRunning(pid));
    expect(identityOf(first, jobId).shim.pid).toBeGreaterThan(1);
    signal(shim!, 'SIGKILL');
    await untilTrue(() => childrenOf(first.pid).length > 1);
    expect(await findJob(first, jobId)).toMatchObject({ status: 'RUNNING' });
    await cancelJob(first, jobId, 0);
    expect(await untilOver(first, jobId)).toMatchObject({ status: 'CANCELLED' });
    await untilIdle(first);
  });

  it('whose jobs are alive loses them when it ends, and says at the next start where they were', async () => {
    const first = await startFirst();
    const jobId = await startScript(first, 'exec sleep 1000');
    await untilStatus(first, jobId, 'RUNNING');
    await first.restart();
    expect(await untilOver(first, jobId)).toMatchObject({ status: 'LOST', reason: 'IDENTITY_GONE' });
    await untilIdle(first);
  });

  it('ends them in time where it was told to', async () => {
    const first = await startFirst('--on-exit', 'cancel');
    const jobId = await startScript(first, 'exec sleep 1000');
    await untilStatus(first, jobId, 'RUNNING');
    expect(await first.end('SIGTERM')).toBe(0);
    await first.launch();
    expect(await findJob(first, jobId)).toMatchObject({ status: 'CANCELLED', reason: 'SERVER_STOPPED' });
  });
});
