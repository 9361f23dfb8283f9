/**
 * What jobs cost that run and say nothing: memory of the server, and of what stands around each program (shim, sinks,
 * subreaper). `npm run bench:silent`; JOBS changes its size.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLifelineClient, type LifelineClient } from '../src/client/client.ts';
import { ServerProcess } from '../demo/server-process.ts';

const JOBS = Number(process.env['JOBS'] ?? 1_000);
const STARTS_AT_ONCE = 8;
/** In a quiet server the garbage of the starts goes by and by. */
const SETTLE_MS = 20_000;
const PROGRAM = ['sleep', '3600'];

interface Cost {
  readonly means: string;
  readonly serverRssMiB: number;
  readonly restartedRssMiB: number;
  readonly serverIdleCpuPercent: number;
  readonly aroundPssMiB: number;
  readonly aroundProcesses: number;
}

const costs: Cost[] = [];
for (const means of ['cgroup', 'subreaper', 'none']) {
  try {
    costs.push(await measure(means));
  } catch (error) {
    console.error(`not measured with ${means}: ${(error as Error).message}`);
  }
}
console.log(
  [
    `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${String(JOBS)} running, silent jobs.`,
    '',
    '| held by | RSS of the server after the starts, MiB | after a restart, MiB | its CPU while idle, % of a core | processes around a program | their PSS a job, MiB |',
    '|---|---|---|---|---|---|',
    ...costs.map(
      (cost) =>
        `| ${cost.means} | ${cost.serverRssMiB.toFixed(0)} | ${cost.restartedRssMiB.toFixed(0)} | ${cost.serverIdleCpuPercent.toFixed(1)} | ${cost.aroundProcesses.toFixed(1)} | ${cost.aroundPssMiB.toFixed(2)} |`,
    ),
  ].join('\n'),
);

async function measure(means: string): Promise<Cost> {
  const scratch = mkdtempSync(join(tmpdir(), 'lifeline-bench-'));
  try {
    await using server = await ServerProcess.start(join(scratch, 'data'), {
      args: ['--max-running', String(JOBS), '--containment', means],
    });
    await startJobs(createLifelineClient(server));
    await untilAllRun(server);
    const serverPid = (): number =>
      (JSON.parse(readFileSync(join(scratch, 'data/lease.json'), 'utf8')) as { pid: number }).pid;
    const rssMiB = (): number => fieldKiB(`/proc/${String(serverPid())}/status`, 'VmRSS') / 1_024;
    await delay(SETTLE_MS);
    const before = cpuSeconds(serverPid());
    await delay(SETTLE_MS);
    const serverIdleCpuPercent = ((cpuSeconds(serverPid()) - before) / (SETTLE_MS / 1_000)) * 100;
    const serverRssMiB = rssMiB();
    const around = processesAround(join(scratch, 'data'));
    const pssKiB = around.reduce((sum, each) => sum + fieldKiB(`/proc/${each}/smaps_rollup`, 'Pss'), 0);
    await server.kill();
    await server.startAgain();
    await delay(SETTLE_MS);
    return {
      means,
      serverRssMiB,
      restartedRssMiB: rssMiB(),
      serverIdleCpuPercent,
      aroundPssMiB: pssKiB / 1_024 / JOBS,
      aroundProcesses: around.length / JOBS,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function startJobs(client: LifelineClient): Promise<void> {
  let rest = JOBS;
  const worker = async (): Promise<void> => {
    while (rest-- > 0) await client.startJob({ command: PROGRAM });
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, worker));
}

async function untilAllRun({ url, token }: ServerProcess): Promise<void> {
  const query = '{ jobs(first: 1, where: { statuses: [QUEUED, STARTING] }) { edges { cursor } } }';
  for (;;) {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { data } = (await answer.json()) as { data: { jobs: { edges: unknown[] } } };
    if (data.jobs.edges.length === 0) return;
    await delay(200);
  }
}

/** The sessions of the shims: each is led by the process whose arguments name a launch script below the data directory. */
function processesAround(dataDirectory: string): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const leaders = new Set(
    all.filter(
      (pid) => read(`/proc/${pid}/cmdline`).includes(`${dataDirectory}/jobs/`) && sessionOf(pid) === pid,
    ),
  );
  return all.filter((pid) => leaders.has(sessionOf(pid)));
}

function sessionOf(pid: string): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] ?? '';
}

function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${String(pid)}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime, in ticks of 10 ms. Source: proc_pid_stat(5).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function fieldKiB(path: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(path))?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
