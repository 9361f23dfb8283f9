/**
 * Searches in a finished log of ten million lines (1 GB): how long until the first hit is there with the lines around it, or until
 * all is looked at. `npm run bench:search`; LINES changes its size, `-- --write` puts the table into docs/performance.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from '../demo/server-process.ts';
import { printCommand, writeLinesFile } from './harness/lines-file.ts';
import { writeIntoPage } from './harness/page.ts';
import { median } from './harness/statistics.ts';

const LINES = Number(process.env['LINES'] ?? 10_000_000);
const RUNS = 5;

interface Part {
  readonly hits: readonly { readonly seq: number }[];
  readonly hitCount: number;
  readonly scannedToSeq: number;
  readonly isComplete: boolean;
}

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
try {
  await using server = await ServerProcess.start(join(scratch, 'data'), {
    args: ['--max-log-bytes', '4GiB', '--min-free-bytes', '0'],
  });
  const half = printCommand(writeLinesFile(scratch), LINES / 2);
  const jobId = await finishedJob(
    server,
    `echo at-its-head; ${half}; echo in-its-midst; ${half}; echo at-its-end`,
  );
  const rows: string[] = [];
  for (const [what, pattern, kind] of [
    ['text at the head', 'at-its-head', 'TEXT'],
    ['text in the middle', 'in-its-midst', 'TEXT'],
    ['text at the end', 'at-its-end', 'TEXT'],
    ['text that is nowhere', 'nowhere', 'TEXT'],
    ['text with its case, at the end', 'at-its-end', 'EXACT'],
    ['pattern with a word in it, in the middle', 'in-its-m[a-z]+st$', 'REGEX'],
    ['pattern without a word, in the middle', '[a-z]n.its.[l-n]', 'REGEX'],
    ['count of lines with text that one in ten has', '77 x', 'COUNT'],
  ] as const) {
    const tookMs: number[] = [];
    for (let run = 0; run < RUNS; run++) tookMs.push(await timeOf(server, jobId, pattern, kind));
    rows.push(`| ${what} | ${median(tookMs).toFixed(0)} | ${Math.max(...tookMs).toFixed(0)} |`);
    console.log(rows.at(-1));
  }
  const table = [
    `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${LINES.toLocaleString('en')} lines of 100 bytes.`,
    '',
    '| looked for | median, ms | worst, ms |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
  console.log(table);
  if (process.argv.includes('--write')) await writeIntoPage('searches in a long log', table);
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

/** From the first question to the lines around the first hit, or to the end. */
async function timeOf(server: ServerProcess, jobId: string, pattern: string, kind: string): Promise<number> {
  const beganAtMs = performance.now();
  const how = kind === 'REGEX' ? 'kind: REGEX' : `ignoreCase: ${String(kind === 'TEXT')}`;
  const wanted = kind === 'COUNT' ? 0 : 1;
  for (let after = 0; ;) {
    const { log } = await ask<{ readonly log: { readonly search: Part } }>(
      server,
      `{ job(id: ${jobId}) { log { search(pattern: ${JSON.stringify(pattern)}, ${how}, first: ${String(wanted)}, after: ${String(after)}) { hits { seq } hitCount scannedToSeq isComplete } } } }`,
    );
    const [hit] = log.search.hits;
    if (hit !== undefined) {
      const { seq } = hit;
      await ask(
        server,
        `{ job(id: ${jobId}) { log { lines(after: ${String(Math.max(0, seq - 250))}, first: 500) { nodes { seq text } } } } }`,
      );
    }
    if (hit !== undefined || log.search.isComplete) return performance.now() - beganAtMs;
    after = log.search.scannedToSeq;
  }
}

async function finishedJob(server: ServerProcess, script: string): Promise<string> {
  const started = `mutation ($script: String!) { startJob(input: { script: $script }) { id } }`;
  const { startJob } = await data<{ readonly startJob: { readonly id: string } }>(server, started, {
    script,
  });
  for (;;) {
    const job = await ask<{ readonly finishedAt: string | null }>(
      server,
      `{ job(id: ${startJob.id}) { finishedAt } }`,
    );
    if (job.finishedAt !== null) return startJob.id;
    await delay(200);
  }
}

async function ask<Job>(server: ServerProcess, query: string): Promise<Job> {
  return (await data<{ readonly job: Job }>(server, query, {})).job;
}

async function data<Data>(
  server: ServerProcess,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Data> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { readonly data?: Data | null };
  if (answer.data == null) throw new Error(JSON.stringify(answer));
  return answer.data;
}
