import { createConnection } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { canBeHeldBy } from '../end-to-end/harness/containment.ts';
import { cancelJob, followJob, startJob, untilOver, untilStatus } from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { childrenOf, isRunning, processesMentioning } from '../end-to-end/harness/processes.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { PostgresqlCluster } from './postgresql-cluster.ts';

const hasCgroups = await canBeHeldBy('cgroup');

let server: LifelineServer;
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

function canConnect(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

describe('a real PostgreSQL that runs as a job', () => {
  it.for([
    ['cgroup', 10_000],
    ['subreaper', 10_000],
    ['none', 10_000],
    ['subreaper', 0],
    ['none', 0],
  ] as const)(
    'held by %s and cancelled with %i ms of grace leaves nothing',
    async ([means, gracePeriodMs], { skip }) => {
      skip(means === 'cgroup' && !hasCgroups, 'no cgroup v2 that can be written to');
      server = await LifelineServer.start({ args: ['--containment', means], openScratch: true });
      const cluster = new PostgresqlCluster(server.scratch);
      const jobId = await startJob(server, { command: cluster.command, gracePeriodMs });
      const { pid } = await untilStatus(server, jobId, 'RUNNING');
      {
        // Its own start-up process has ended by then: who is there now stays.
        using stream = await followJob(server, jobId);
        await stream.untilEvent(({ data }) => data.includes('ready to accept connections'));
      }
      expect(await canConnect(cluster.socketPath)).toBe(true);
      const mine = () => processesMentioning(cluster.dataPath).map((process) => process.pid);
      // Its workers have sessions of their own, and titles in the place of their environments.
      const workers = await untilTrue(() => {
        const children = childrenOf(pid!);
        return children.length >= 5 && children;
      });
      await cancelJob(server, jobId, gracePeriodMs);
      const job = await untilOver(server, jobId);
      expect(job.status).toBe('CANCELLED');
      expect(job.cancellation?.killedAt === null).toBe(gracePeriodMs > 0);
      expect(job.cancellation?.containment).toBe(means === 'none' ? 'BEST_EFFORT' : 'CONTAINED');
      expect([...workers, ...mine()].filter(isRunning)).toEqual([]);
      const reported = new Set(job.cancellation?.processes.map((process) => process.pid));
      expect(reported.has(pid!)).toBe(true);
      // One that had little to do may have ended by itself just before.
      expect(workers.filter((worker) => reported.has(worker)).length).toBeGreaterThanOrEqual(4);
    },
  );
});
