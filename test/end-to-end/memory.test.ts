import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { identityOf } from './harness/between-lives.ts';
import { downloadLog, findJob, startScript, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { MemoryLimit } from './harness/memory-limit.ts';
import { signal } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

const LIMIT_BYTES = 600 * 1024 * 1024;

let server: LifelineServer;
let limit: MemoryLimit | null = MemoryLimit.tryMake(LIMIT_BYTES);
const possible = limit !== null;
limit?.[Symbol.dispose]();
limit = null;
if (!possible) console.warn('SKIPPED: no cgroup here in which memory can be limited.');

afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
    const made = limit;
    limit = null;
    if (made !== null) await untilTrue(() => (made[Symbol.dispose](), true), { what: 'an empty cgroup' });
  }
});

/** How ready the kernel is to kill a process for want of memory: -1000 to 1000. */
function oomScoreAdjustment(pid: number): number {
  return Number(readFileSync(`/proc/${String(pid)}/oom_score_adj`, 'latin1'));
}

describe('the kernel that is short of memory', () => {
  it.each([
    ['as it is', []],
    ['high already', ['sh', '-c', 'echo 900 >/proc/self/oom_score_adj; exec "$@"', 'sh']],
  ])('takes a job before its server and its shim, whose score is %s', async (_, wrapper) => {
    server = await LifelineServer.start({ wrapper });
    const jobId = await startScript(
      server,
      'cat /proc/$$/oom_score_adj; sh -c "cat /proc/self/oom_score_adj"; exec sleep 1000',
    );
    await untilStatus(server, jobId, 'RUNNING');
    await untilTrue(
      async () => (await downloadLog(server, jobId, 'stdout')).toString().split('\n').length === 3,
    );
    const { shim, program } = identityOf(server, jobId);
    const own = oomScoreAdjustment(server.pid);
    expect(oomScoreAdjustment(program.pid)).toBeGreaterThan(own);
    expect((await downloadLog(server, jobId, 'stdout')).toString()).toBe(
      `${String(Math.min(1_000, own + 300))}\n`.repeat(2),
    );
    expect(oomScoreAdjustment(shim.pid)).toBe(own);
    signal(program.pid, 'SIGTERM');
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'FAILED', signal: 'SIGTERM' });
  });

  it.skipIf(!possible)(
    'kills the job that takes it, which says so; the server and other jobs live',
    async () => {
      limit = MemoryLimit.tryMake(LIMIT_BYTES);
      server = await LifelineServer.start({ wrapper: limit!.wrapper });
      const other = await startScript(server, 'exec sleep 1000');
      await untilStatus(server, other, 'RUNNING');
      const first = server.pid;
      // It keeps the one line that never ends.
      const greedy = await startScript(server, 'exec tail /dev/zero');
      expect(await untilOver(server, greedy)).toMatchObject({
        status: 'FAILED',
        reason: 'OUT_OF_MEMORY',
        exitCode: 137,
        signal: 'SIGKILL',
      });
      expect(server.pid).toBe(first);
      expect(await findJob(server, other)).toMatchObject({ status: 'RUNNING' });
      const { program } = identityOf(server, other);
      signal(program.pid, 'SIGTERM');
      await untilOver(server, other);
      const killed = await startScript(server, 'kill -9 $$');
      expect(await untilOver(server, killed)).toMatchObject({ reason: 'KILLED_FROM_OUTSIDE', exitCode: 137 });
    },
  );
});
