import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { canBeHeldBy } from '../end-to-end/harness/containment.ts';
import { cancelJob, followJob, startJob, untilOver, untilStatus } from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { childrenOf, isRunning, processesMentioning } from '../end-to-end/harness/processes.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

const BIN = realpathSync(process.env['POSTGRESQL_BIN']!);
/** PostgreSQL refuses to run as root. */
const AS_NOBODY =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];

const hasCgroups = await canBeHeldBy('cgroup');

let server: LifelineServer;
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

/** Makes a cluster that listens on a socket in its own directory, and nowhere else. */
function makeCluster(): string {
  const path = server.scratch.file('cluster');
  mkdirSync(path);
  chmodSync(path, 0o777);
  const args = ['--pgdata', join(path, 'data'), '--no-sync', '--auth=trust'];
  const [program = '', ...rest] = [...AS_NOBODY, join(BIN, 'initdb'), ...args];
  execFileSync(program, rest, { stdio: 'ignore', cwd: path });
  return path;
}

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
      const path = makeCluster();
      const jobId = await startJob(server, {
        command: [
          ...AS_NOBODY,
          join(BIN, 'postgres'),
          '-D',
          join(path, 'data'),
          '-k',
          path,
          '-c',
          'listen_addresses=',
          '-c',
          'fsync=off',
        ],
        gracePeriodMs,
      });
      const { pid } = await untilStatus(server, jobId, 'RUNNING');
      {
        // Its own start-up process has ended by then: who is there now stays.
        using stream = await followJob(server, jobId);
        await stream.untilEvent(({ data }) => data.includes('ready to accept connections'));
      }
      expect(await canConnect(join(path, '.s.PGSQL.5432'))).toBe(true);
      const mine = () => processesMentioning(join(path, 'data')).map((process) => process.pid);
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
