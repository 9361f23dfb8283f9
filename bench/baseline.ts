/**
 * The base line: `startJob` to the first line at a subscriber, and lines a second to 1 and 100 followers beside the raw
 * limit of the same machine in the same run. Server, load and readers are processes of their own. `npm run bench`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLifelineClient, type LifelineClient } from '../src/client/client.ts';
import { ServerProcess } from '../demo/server-process.ts';
import type { ReadOrder, ReadReport } from './sse-reader.ts';
import { median, percentile, spread } from './statistics.ts';
import { FOLLOW, TEXT } from './workload.ts';

const RUNS = 3;
const STARTS = 100;
const CASES = [
  { followers: 1, lines: 500_000 },
  { followers: 100, lines: 20_000 },
] as const;
const HERE = import.meta.dirname;

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
try {
  await using server = await ServerProcess.start(join(scratch, 'data'));
  const client = createLifelineClient(server);
  const table = [
    `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), median of ${String(RUNS)} runs ± half the range.`,
    '',
    '| case | Lifeline | raw limit | share |',
    '|---|---|---|---|',
  ];
  table.push(await firstLine(client));
  for (const { followers, lines } of CASES) table.push(await throughput(server, client, followers, lines));
  console.log(table.join('\n'));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function firstLine(client: LifelineClient): Promise<string> {
  const samples: number[] = [];
  for (let start = 0; start < STARTS + 10; start++) {
    const startedAtMs = performance.now();
    const { id } = await client.startJob({ command: ['echo', 'hi'] });
    for await (const event of client.followJobLogs(id)) {
      if (event.__typename === 'LogLines' && start >= 10) samples.push(performance.now() - startedAtMs);
    }
  }
  const text = `p50 ${percentile(samples, 0.5).toFixed(1)} ms, p99 ${percentile(samples, 0.99).toFixed(1)} ms`;
  return `| startJob to the first line, ${String(STARTS)} times | ${text} | | |`;
}

async function throughput(
  server: ServerProcess,
  client: LifelineClient,
  followers: number,
  lines: number,
): Promise<string> {
  const ours: number[] = [];
  const raw: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const oursNow = await lifelineRate(server, client, followers, lines);
    const rawNow = await rawRate(followers, lines);
    if (run === 0) continue; // Warm-up.
    ours.push(oursNow);
    raw.push(rawNow);
  }
  const share = `${((median(ours) / median(raw)) * 100).toFixed(0)} %`;
  return `| ${lines.toLocaleString('en')} lines to ${String(followers)} | ${rate(ours)} | ${rate(raw)} | ${share} |`;
}

function rate(samples: readonly number[]): string {
  return `${Math.round(median(samples)).toLocaleString('en')} lines/s ± ${(spread(samples) * 100).toFixed(0)} %`;
}

async function lifelineRate(
  server: ServerProcess,
  client: LifelineClient,
  followers: number,
  lines: number,
): Promise<number> {
  const gate = join(scratch, `go-${String(performance.now())}`);
  const script = `while [ ! -e "$GATE" ]; do sleep 0.02; done; yes ${TEXT} | head -n ${String(lines)}`;
  const { id } = await client.startJob({ script, env: [{ name: 'GATE', value: gate }] });
  return measure(
    {
      url: `${server.url}/graphql`,
      headers: {
        authorization: `Bearer ${server.token}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ query: FOLLOW, variables: { jobId: id } }),
      readers: followers,
      expectedLines: lines,
    },
    () => {
      writeFileSync(gate, '');
    },
  );
}

async function rawRate(followers: number, lines: number): Promise<number> {
  const server = forked('raw-server.ts', [String(lines)]);
  try {
    const [port] = (await once(server, 'message')) as [number];
    const url = `http://127.0.0.1:${String(port)}/`;
    return await measure({ url, headers: {}, body: '', readers: followers, expectedLines: lines }, () =>
      server.send('go'),
    );
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

/** Lines a second over all readers, from the first byte to the last. @throws if a line was lost or came twice */
async function measure(order: ReadOrder, begin: () => void): Promise<number> {
  const reader = forked('sse-reader.ts');
  try {
    reader.send(order);
    for (;;) {
      const [report] = (await once(reader, 'message')) as [ReadReport];
      if (report.kind === 'attached') begin();
      else {
        if (report.faults.length > 0)
          throw new Error(`lines were lost or repeated: ${report.faults.slice(0, 3).join('; ')}`);
        return (order.readers * order.expectedLines * 1000) / (report.lastByteAtMs - report.firstByteAtMs);
      }
    }
  } finally {
    reader.kill();
  }
}

function forked(file: string, args: readonly string[] = []): ChildProcess {
  return fork(join(HERE, file), args, { execArgv: ['--import', 'tsx'] });
}
