/**
 * A start without the database: 1,000 jobs, 50 of them running, kill -9, the database deleted. How long to the ready line, and
 * whether everything is there. `npm run bench:rebuild`; JOBS and RUNNING change its size.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../demo/server-process.ts';
import { createLifelineClient, type LifelineClient } from '../src/client/client.ts';

const JOBS = Number(process.env['JOBS'] ?? 1_000);
const RUNNING = Number(process.env['RUNNING'] ?? 50);
const STARTS_AT_ONCE = 8;
const ASKED = `{ server { activeJobs queuedJobs lastReconciliation { imported adopted finished lost failed ignored } } }`;

interface Answer {
  readonly activeJobs: number;
  readonly queuedJobs: number;
  readonly lastReconciliation: Readonly<Record<string, number>>;
}

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
try {
  const dataDirectory = join(scratch, 'data');
  await using server = await ServerProcess.start(dataDirectory, {
    args: ['--max-running', String(RUNNING + 16), '--max-starts-per-minute', '1000000'],
  });
  const client = createLifelineClient(server);
  await start(client, RUNNING, ['sleep', '600']);
  await start(client, JOBS - RUNNING, ['true']);
  for (let now = await ask(); now.activeJobs > RUNNING || now.queuedJobs > 0;) now = await ask();
  await server.kill();
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(dataDirectory, `lifeline.db${suffix}`), { force: true });
  const beganAtMs = performance.now();
  await server.startAgain();
  const readyMs = performance.now() - beganAtMs;
  const { lastReconciliation: found } = await ask();
  const counts = Object.entries(found).map(([name, count]) => `${name} ${String(count)}`);
  console.log(
    [
      `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}).`,
      `${String(JOBS)} jobs, ${String(RUNNING)} of them running, without the database: ready after ${readyMs.toFixed(0)} ms (${counts.join(', ')}).`,
    ].join('\n'),
  );

  async function ask(): Promise<Answer> {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: ASKED }),
    });
    return ((await response.json()) as { data: { server: Answer } }).data.server;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

async function start(client: LifelineClient, count: number, command: readonly string[]): Promise<void> {
  let rest = count;
  const worker = async (): Promise<void> => {
    while (rest-- > 0) await client.startJob({ command: [...command] });
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, worker));
}
