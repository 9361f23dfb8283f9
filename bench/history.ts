/**
 * A year of history: 100,000 finished jobs, 50 GB apparent. How long pages of it take, and a start, and what the removal of half of
 * it does to jobs that run meanwhile. `npm run bench:history`; JOBS changes its size, `-- --write` puts the table into
 * docs/performance.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from '../demo/server-process.ts';
import { writeIntoPage } from './harness/page.ts';
import { median, percentile } from './harness/statistics.ts';
import { timePages } from './history/pages.ts';
import { writeHistory } from './history/write-history.ts';

const JOBS = Number(process.env['JOBS'] ?? 100_000);
const LOG_BYTES = 512 * 1024;
const STARTS = 3;
const KEEP_ALL = ['--retain-age', '0', '--retain-jobs', '0', '--retain-bytes', '0', '--min-free-bytes', '0'];
/** Each prints a line every 10 ms, and starts nothing: a process a line would be what is measured. */
const PRINTING_JOBS = 8;
const PRINTING = `exec '${process.execPath}' -e 'let i = 0; setInterval(() => console.log(++i), 10)'`;
const PROBE_PAUSE_MS = 1_000;

interface Disturbance {
  readonly startMs: readonly number[];
  readonly pageMs: readonly number[];
}

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
const dataDirectory = join(scratch, 'data');
try {
  await (await ServerProcess.start(dataDirectory, { args: KEEP_ALL }))[Symbol.asyncDispose]();
  writeHistory(dataDirectory, { jobs: JOBS, logBytes: LOG_BYTES });
  // What was written for the measurement is not to be written during it.
  spawnSync('sync');
  const rows = [...(await timeStarts()), ...(await timeRemoval())];
  const table = [
    `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${String(JOBS)} finished jobs, ${((JOBS * LOG_BYTES) / 1e9).toFixed(1)} GB apparent.`,
    '',
    '| case | median | worst |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
  console.log(table);
  if (process.argv.includes('--write')) await writeIntoPage('a year of history', table);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function timeStarts(): Promise<readonly string[]> {
  const startMs: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const beganAtMs = performance.now();
    await using server = await ServerProcess.start(dataDirectory, { args: KEEP_ALL });
    startMs.push(performance.now() - beganAtMs);
    if (start < STARTS - 1) continue;
    const pages = await timePages((query) => ask(server, query), JOBS);
    return [
      row('start of the process to the ready line, ms', startMs),
      ...pages.map(
        (page) => `| ${page.name}, ms | ${page.medianMs.toFixed(1)} | ${page.worstMs.toFixed(1)} |`,
      ),
    ];
  }
  return [];
}

async function timeRemoval(): Promise<readonly string[]> {
  const before = await underLoad(KEEP_ALL, () => delay(10_000));
  const keepHalf = [...KEEP_ALL, '--retain-jobs', String(Math.floor(JOBS / 2))];
  let removalMs = 0;
  const during = await underLoad(keepHalf, async (server) => {
    const beganAtMs = performance.now();
    const query = '{ server { retention { removedJobs lastRunAt } } }';
    interface Answer {
      readonly server: { readonly retention: { readonly lastRunAt: string | null } };
    }
    while ((await ask<Answer>(server, query)).server.retention.lastRunAt === null) await delay(500);
    removalMs = performance.now() - beganAtMs;
  });
  return [
    `| removal of half of them, s | ${(removalMs / 1_000).toFixed(0)} | |`,
    row('`startJob` before it, ms', before.startMs),
    row('`startJob` during it, ms', during.startMs),
    row('newest 50 before it, ms', before.pageMs),
    row('newest 50 during it, ms', during.pageMs),
    `| p99 of \`startJob\` before it, during it, ms | ${percentile(before.startMs, 0.99).toFixed(1)} | ${percentile(during.startMs, 0.99).toFixed(1)} |`,
  ];
}

/** Jobs that print run from the start on; meanwhile, jobs are started and pages read, again and again. */
async function underLoad(
  args: readonly string[],
  until: (server: ServerProcess) => Promise<void>,
): Promise<Disturbance> {
  await using server = await ServerProcess.start(dataDirectory, { args: [...args, '--max-running', '50'] });
  for (let job = 0; job < PRINTING_JOBS; job++) await start(server, PRINTING);
  const times = { startMs: [] as number[], pageMs: [] as number[] };
  const ended = new AbortController();
  const over = until(server).finally(() => {
    ended.abort();
  });
  while (!ended.signal.aborted) {
    const beganAtMs = performance.now();
    await start(server, 'true');
    const startedAtMs = performance.now();
    await ask(server, '{ jobs(first: 50) { edges { node { id status command labels } } } }');
    times.startMs.push(startedAtMs - beganAtMs);
    times.pageMs.push(performance.now() - startedAtMs);
    await delay(PROBE_PAUSE_MS);
  }
  await over;
  return times;
}

async function start(server: ServerProcess, script: string): Promise<void> {
  await ask(server, `mutation { startJob(input: { script: ${JSON.stringify(script)} }) { id } }`);
}

function row(name: string, samples: readonly number[]): string {
  return `| ${name} | ${median(samples).toFixed(1)} | ${Math.max(...samples).toFixed(1)} |`;
}

async function ask<T>({ url, token }: ServerProcess, query: string): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}
