/**
 * A restart under load: 500 running jobs, kill -9, the same start again. How long to the ready line, and how long the event
 * loop was held in the first 10 s. `npm run bench:restart`; JOBS and RUNS change its size.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLifelineClient, type LifelineClient } from '../src/client/client.ts';
import { ServerProcess } from '../demo/server-process.ts';
import { median } from './harness/statistics.ts';

const JOBS = Number(process.env['JOBS'] ?? 500);
const RUNS = Number(process.env['RUNS'] ?? 3);
const STARTS_AT_ONCE = 8;

interface LoopDelay {
  readonly longestMs: number;
  readonly p99Ms: number;
}
interface Restart {
  readonly readyMs: number;
  readonly beforeReady: LoopDelay;
  readonly afterReady: LoopDelay;
  readonly adopted: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
const loopWatchFile = join(scratch, 'loop.json');
try {
  await using server = await ServerProcess.start(join(scratch, 'data'), {
    args: ['--max-running', String(JOBS + 100)],
    nodeArgs: ['--import', join(import.meta.dirname, 'loop-watch.js')],
    env: { LOOP_WATCH_FILE: loopWatchFile },
  });
  await startJobs(createLifelineClient(server));
  await untilAllRun(server);
  const restarts: Restart[] = [];
  for (let run = 0; run < RUNS; run++) restarts.push(await restart(server));
  const row = (name: string, take: (restart: Restart) => number): string => {
    const samples = restarts.map(take);
    return `| ${name} | ${median(samples).toFixed(0)} | ${Math.max(...samples).toFixed(0)} |`;
  };
  console.log(
    [
      `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${String(JOBS)} running jobs, ${String(RUNS)} restarts after kill -9.`,
      '',
      '| case | median | worst |',
      '|---|---|---|',
      row('jobs adopted', ({ adopted }) => adopted),
      row('start of the process to the ready line, ms', ({ readyMs }) => readyMs),
      row('longest hold of the event loop before it, ms', ({ beforeReady }) => beforeReady.longestMs),
      row('longest hold from it to 10 s, ms', ({ afterReady }) => afterReady.longestMs),
      row('p99 of that, ms', ({ afterReady }) => afterReady.p99Ms),
    ].join('\n'),
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function startJobs(client: LifelineClient): Promise<void> {
  let rest = JOBS;
  const worker = async (): Promise<void> => {
    while (rest-- > 0) await client.startJob({ command: ['sleep', '600'] });
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, worker));
}

async function restart(server: ServerProcess): Promise<Restart> {
  await server.kill();
  rmSync(loopWatchFile, { force: true });
  const beganAtMs = performance.now();
  await server.startAgain();
  const readyMs = performance.now() - beganAtMs;
  const adopted = await adoptedJobs(server);
  while (!existsSync(loopWatchFile)) await delay(100);
  const loop = JSON.parse(readFileSync(loopWatchFile, 'utf8')) as Pick<Restart, 'beforeReady' | 'afterReady'>;
  return { readyMs, adopted, ...loop };
}

async function adoptedJobs(server: ServerProcess): Promise<number> {
  interface Answer {
    server: { lastReconciliation: { adopted: number } };
  }
  return (await ask<Answer>(server, '{ server { lastReconciliation { adopted } } }')).server
    .lastReconciliation.adopted;
}

async function untilAllRun(server: ServerProcess): Promise<void> {
  interface Answer {
    jobs: { edges: unknown[] };
  }
  const query = '{ jobs(first: 1, where: { statuses: [QUEUED, STARTING] }) { edges { cursor } } }';
  while ((await ask<Answer>(server, query)).jobs.edges.length > 0) await delay(100);
}

async function ask<T>({ url, token }: ServerProcess, query: string): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return ((await answer.json()) as { data: T }).data;
}
