/**
 * What services cost: from `startServices` until all are READY, beside the same processes without a server, and the server
 * while nothing happens, beside one that has none. `npm run bench:services`, with `-- --write` into docs/performance.md; SERVICES and IDLE_SECONDS change its size.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from '../demo/server-process.ts';
import { startBareTrees } from './harness/bare-trees.ts';
import { environmentNow } from './harness/environment.ts';
import { writeIntoPage } from './harness/page.ts';
import { rssMiB, UsageWatch } from './harness/process-usage.ts';

const SERVICES = Number(process.env['SERVICES'] ?? 500);
const IDLE_SECONDS = Number(process.env['IDLE_SECONDS'] ?? 30);
const SAVES_AT_ONCE = 8;
/** As the server does. */
const STARTED_TOGETHER = 16;
/** What the starts have left is done by then. */
const SETTLE_MS = 10_000;
const START_LIMIT_MS = 600_000;

interface Load {
  readonly name: string;
  readonly count: number;
  /** What is said of each service beside its name and its program. */
  readonly input: Readonly<Record<string, unknown>>;
}

interface Cost {
  readonly load: Load;
  /** `null` where there was nothing to start. */
  readonly startSeconds: number | null;
  readonly startCpuSeconds: number | null;
  readonly idleCpuPercent: number;
  readonly rssMiB: number;
}

const shouldWrite = process.argv.includes('--write');
const environment = environmentNow(
  `SERVICES=${String(SERVICES)} IDLE_SECONDS=${String(IDLE_SECONDS)} npm run bench:services${shouldWrite ? ' -- --write' : ''}`,
);
const listener = createServer((socket) => socket.on('error', () => undefined).end()).listen(0, '127.0.0.1');
await once(listener, 'listening');
const { port } = listener.address() as AddressInfo;
const loads: readonly Load[] = [
  { name: 'none', count: 0, input: {} },
  { name: 'plain', count: SERVICES, input: {} },
  {
    name: 'probed',
    count: SERVICES,
    input: { readiness: { delayMs: 100 }, liveness: { tcp: { port }, periodMs: 10_000 } },
  },
];
try {
  const costs: Cost[] = [];
  for (const load of loads) costs.push(await measure(load));
  const text = table(await bareSeconds(), costs);
  console.log(text);
  if (shouldWrite) await writeIntoPage('services', text);
} finally {
  listener.close();
}

async function bareSeconds(): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
  try {
    const seconds = await startBareTrees(SERVICES, STARTED_TOGETHER, scratch);
    console.error(`bare: started in ${seconds.toFixed(1)} s`);
    return seconds;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measure(load: Load): Promise<Cost> {
  const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
  const profiles = process.env['PROFILES'];
  try {
    await using server = await ServerProcess.start(join(scratch, 'data'), {
      nodeArgs: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profiles, load.name)}`],
    });
    const { pid } = JSON.parse(readFileSync(join(scratch, 'data/lease.json'), 'utf8')) as { pid: number };
    await save(server, load);
    const startUsage = new UsageWatch([pid]);
    const beganAtMs = performance.now();
    if (load.count > 0) await startAll(server);
    const startSeconds = (performance.now() - beganAtMs) / 1_000;
    const startCpuSeconds = startUsage.read().cpuSeconds;
    console.error(`${load.name}: started in ${startSeconds.toFixed(1)} s`);
    await delay(SETTLE_MS);
    const idleUsage = new UsageWatch([pid]);
    await delay(IDLE_SECONDS * 1_000);
    const { cpuSeconds } = idleUsage.read();
    console.error(`${load.name}: ${((cpuSeconds / IDLE_SECONDS) * 100).toFixed(1)} % of a core while idle`);
    return {
      load,
      startSeconds: load.count === 0 ? null : startSeconds,
      startCpuSeconds: load.count === 0 ? null : startCpuSeconds,
      idleCpuPercent: (cpuSeconds / IDLE_SECONDS) * 100,
      rssMiB: rssMiB(pid),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function save(server: ServerProcess, { count, input }: Load): Promise<void> {
  const query = 'mutation ($input: SaveServiceInput!) { saveService(input: $input) { name } }';
  let saved = 0;
  const saver = async (): Promise<void> => {
    while (saved < count) {
      const name = `service-${String(saved++)}`;
      await ask(server, query, { input: { name, command: ['sleep', '1000'], ...input } });
    }
  };
  await Promise.all(Array.from({ length: SAVES_AT_ONCE }, saver));
}

/** @throws Error where one is not READY then */
async function startAll(server: ServerProcess): Promise<void> {
  const query = 'mutation ($waitMs: Int) { startServices(where: {}, waitMs: $waitMs) { state } }';
  const { startServices } = await ask<{ startServices: { state: string }[] }>(server, query, {
    waitMs: START_LIMIT_MS,
  });
  if (startServices.some(({ state }) => state !== 'READY')) throw new Error('Not all of them are READY.');
}

async function ask<T>(
  { url, token }: ServerProcess,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

function table(bare: number, costs: readonly Cost[]): string {
  const { command, date, cores, cpuModel, memoryGiB, kernel, node, loadBefore } = environment;
  return [
    `\`${command}\`, ${date}: ${String(cores)} cores (${cpuModel}), ${String(memoryGiB)} GiB, Linux ${kernel}, Node ${node}. Load of the machine before: ${loadBefore.toFixed(1)}.`,
    '',
    '| services | start to all READY, s | wanted | × bare | CPU of the server for it, s | its CPU while idle, % of a core | wanted | its RSS, MiB |',
    '|---|---|---|---|---|---|---|---|',
    `| ${String(SERVICES)} bare: shim, sinks, files and program, no server | ${written(bare)} | | 1.0 | | | | |`,
    ...costs.map((cost) => {
      const { name, count } = cost.load;
      const [startWanted, idleWanted] = count === 0 ? ['', ''] : ['< 15', '< 2'];
      return `| ${count === 0 ? name : `${String(count)} ${name}`} | ${written(cost.startSeconds)} | ${startWanted} | ${cost.startSeconds === null ? '' : (cost.startSeconds / bare).toFixed(1)} | ${written(cost.startCpuSeconds)} | ${written(cost.idleCpuPercent)} | ${idleWanted} | ${cost.rssMiB.toFixed(0)} |`;
    }),
  ].join('\n');
}

function written(figure: number | null): string {
  return figure === null ? '' : figure.toFixed(1);
}
