/**
 * Four jobs of `yes` with a small cap beside a quiet job: whether the disk stays bounded, seqs stay right, readers are told of
 * gaps, and the quiet one is undisturbed. `npm run bench:log-cap`; SECONDS changes its length, CAP_MIB the cap,
 * `-- --write` puts the table into docs/performance.md. It fails where a seq
 * or a text is wrong, or the quiet job has lost a line.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLifelineClient, type LifelineClient } from '../src/client/client.ts';
import { ServerProcess } from '../demo/server-process.ts';
import { writeIntoPage } from './harness/page.ts';

const SECONDS = Number(process.env['SECONDS'] ?? 60);
const CAP_MIB = Number(process.env['CAP_MIB'] ?? 16);
const FLOODS = 4;
const MIB = 1024 * 1024;
const SAMPLE_MS = 100;
/** Says what time it is, twenty times a second. */
const QUIET = [
  process.execPath,
  '-e',
  'let i = 0; setInterval(() => console.log(`${++i} ${Date.now()}`), 50)',
];

interface FloodView {
  readonly lastSeq: number;
  readonly keptFromSeq: number;
  readonly keptBytes: number;
  readonly heldBack: boolean;
}

interface Told {
  lines: number;
  gaps: number;
  missing: number;
  lastSeq: number;
}

interface Flood {
  readonly id: string;
  readonly told: Told;
  mostDiskBytes: number;
  /** Looks at which it was held back. */
  heldLooks: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
try {
  await using server = await ServerProcess.start(join(scratch, 'data'));
  const client = createLifelineClient(server);
  const quiet = await client.startJob({ command: QUIET });
  const floods = await Promise.all(
    Array.from({ length: FLOODS }, async (): Promise<Flood> => {
      const { id } = await client.startJob({
        command: ['yes'],
        maxLogBytes: CAP_MIB * MIB,
        logOverflow: 'TRIM',
      });
      return { id, told: { lines: 0, gaps: 0, missing: 0, lastSeq: 0 }, mostDiskBytes: 0, heldLooks: 0 };
    }),
  );
  const leaving = new AbortController();
  const latenciesMs: number[] = [];
  const readers = [
    readQuiet(client, quiet.id, latenciesMs, leaving.signal),
    ...floods.map(({ id, told }) => readFlood(client, id, told, leaving.signal)),
  ];
  let looks = 0;
  for (const endMs = performance.now() + SECONDS * 1_000; performance.now() < endMs; looks++) {
    await delay(SAMPLE_MS);
    for (const flood of floods) {
      flood.mostDiskBytes = Math.max(flood.mostDiskBytes, diskBytes(join(scratch, 'data/jobs', flood.id)));
      if ((await viewOf(server, flood.id)).heldBack) flood.heldLooks += 1;
    }
  }
  const rows: string[] = [];
  for (const { id, told, mostDiskBytes, heldLooks } of floods) {
    const { lastSeq, keptFromSeq, keptBytes } = await viewOf(server, id);
    const cells = [
      id,
      String(lastSeq),
      String(keptFromSeq),
      (keptBytes / MIB).toFixed(1),
      (mostDiskBytes / MIB).toFixed(1),
      ((100 * heldLooks) / looks).toFixed(0),
      `${String(told.lines)}, ${String(told.gaps)}, ${String(told.missing)}`,
    ];
    rows.push(`| ${cells.join(' | ')} |`);
  }
  leaving.abort();
  await Promise.all(readers);
  for (const { id } of [...floods, quiet]) await client.cancelJob(id, { gracePeriodMs: 0 });
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(0);
  const table = [
    `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${String(FLOODS)} jobs of \`yes\`, cap ${String(CAP_MIB)} MiB, ${String(SECONDS)} s.`,
    '',
    '| job | lines numbered | first kept | kept, MiB | most on the disk, MiB | held back, % of looks | its reader: lines, gaps, lines gone |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `The quiet job: ${String(sorted.length)} lines, none lost; from its write to its reader ${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${at(1)} ms (most).`,
  ].join('\n');
  console.log(table);
  if (process.argv.includes('--write')) await writeIntoPage('four floods', table);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function readQuiet(
  client: LifelineClient,
  jobId: string,
  latenciesMs: number[],
  signal: AbortSignal,
): Promise<void> {
  let expected = 1;
  for await (const event of client.followJobLogs(jobId, { signal })) {
    if (event.__typename !== 'LogLines') throw new Error(`the quiet job was told a ${event.__typename}`);
    for (const { seq, text } of event.lines) {
      const [number, atMs] = text.split(' ').map(Number);
      if (seq !== expected || number !== expected)
        throw new Error(`line ${String(expected)} came as ${String(seq)}`);
      expected += 1;
      latenciesMs.push(Date.now() - (atMs ?? NaN));
    }
  }
}

async function readFlood(
  client: LifelineClient,
  jobId: string,
  told: Told,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of client.followJobLogs(jobId, { signal })) {
    if (event.__typename === 'LogDone') throw new Error('a flood has ended');
    if (event.__typename === 'LogGap') {
      if (event.fromSeq !== told.lastSeq + 1 || event.reason !== 'TRIMMED')
        throw new Error(
          `after ${String(told.lastSeq)} came a gap ${event.reason} from ${String(event.fromSeq)}`,
        );
      told.gaps += 1;
      told.missing += event.toSeq - event.fromSeq + 1;
      told.lastSeq = event.toSeq;
      continue;
    }
    for (const { seq, text } of event.lines) {
      if (seq !== told.lastSeq + 1 || text !== 'y')
        throw new Error(`after ${String(told.lastSeq)} came ${String(seq)}: ${text}`);
      told.lastSeq = seq;
      told.lines += 1;
    }
  }
}

async function viewOf({ url, token }: ServerProcess, jobId: string): Promise<FloodView> {
  const query = `{ job(id: ${jobId}) { log { lastSeq keptFromSeq keptBytes heldBack } } }`;
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return ((await answer.json()) as { data: { job: { log: FloodView } } }).data.job.log;
}

/** Holes left out. */
function diskBytes(directory: string): number {
  return ['stdout', 'stderr', 'index']
    .map((name) => (statSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512)
    .reduce((sum, bytes) => sum + bytes, 0);
}
