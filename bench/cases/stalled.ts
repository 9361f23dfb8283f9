import { setTimeout as delay } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { ALL_FIELDS } from '../documents/all-fields.ts';
import { BenchServer } from '../harness/bench-server.ts';
import type { BenchContext } from '../harness/context.ts';
import { jobState } from '../harness/finished-job.ts';
import { gatedScript, startGatedJob } from '../harness/gated-job.ts';
import { deliver, type Delivery } from '../harness/line-source.ts';
import { FILE_LINES, printAfterCommand, printCommand } from '../harness/lines-file.ts';
import { rssMiB, UsageWatch } from '../harness/process-usage.ts';
import { Reading } from '../harness/reading.ts';
import { figures } from '../harness/row.ts';
import type { BenchCase } from './case.ts';

const STALLED = 20;
/** More than the buffers of a connection hold, in the kernel and before it. */
const LINES_TO_STALL = 100_000;
const LINES = 300_000;
const QUICK_LINES = 100_000;
/** A server that uses less of a core over so long is quiet: whoever could take something has. */
const QUIET = { cores: 0.1, ms: 500 } as const;

interface Pair {
  readonly alone: Delivery;
  readonly beside: Delivery;
  readonly growthMiB: number;
}

/** Followers whose connections are full and take nothing, beside a quick one. In the last run they go on afterwards, and must have every line. */
export const STALLED_FOLLOWERS: BenchCase = {
  letter: 'f',
  title: `${STALLED} stalled followers beside a quick one`,
  maxSecondsPerRun: 90,
  async run(context, tell) {
    const lines = context.quick ? QUICK_LINES : LINES;
    const runs: Pair[] = [];
    await using server = await BenchServer.start(context);
    await followBeside(server, context, QUICK_LINES, 0, false);
    for (let run = 1; run <= context.runs; run++) {
      const alone = await followBeside(server, context, lines, 0, false);
      const before = rssMiB(server.pid);
      const beside = await followBeside(server, context, lines, STALLED, run === context.runs);
      runs.push({ alone, beside, growthMiB: beside.serverPeakRssMiB - before });
    }
    tell({
      case: 'f',
      what: 'time of the quick one, of its time alone',
      measured: figures(
        '%',
        runs.map(({ alone, beside }) => (beside.seconds / alone.seconds) * 100),
      ),
      target: { of: 'measured', is: 'at most', value: 110 },
      cpuSecondsPerMillion: figures(
        's',
        runs.map(({ beside }) => (beside.serverCpuSeconds / lines) * 1e6),
      ),
      peakRssMiB: figures(
        'MiB',
        runs.map(({ beside }) => beside.serverPeakRssMiB),
      ),
      remark: 'the stalled ones took all lines afterwards',
    });
    tell({
      case: 'f',
      what: 'growth of the server, from before they came',
      measured: figures(
        'MiB',
        runs.map(({ growthMiB }) => growthMiB),
      ),
      target: { of: 'measured', is: 'at most', value: 50 },
    });
  },
};

/** A job prints until the stalled ones are full; what it prints then is what the quick one's time is taken for. */
async function followBeside(
  server: BenchServer,
  context: BenchContext,
  lines: number,
  stalledFollowers: number,
  resume: boolean,
): Promise<Delivery> {
  const { linesPath, signal } = context;
  const secondGate = context.scratchPath('gate');
  const second = gatedScript(secondGate, printAfterCommand(linesPath, LINES_TO_STALL, lines));
  const job = await startGatedJob(server, context, `${printCommand(linesPath, LINES_TO_STALL)}; ${second}`);
  const order = {
    port: server.port,
    groups: [{ request: server.followRequest(ALL_FIELDS, job.id), readers: stalledFollowers }],
    shape: ALL_FIELDS.shape,
    after: 0,
    lastSeq: LINES_TO_STALL + lines,
    textCycle: FILE_LINES,
    takesLatencies: false,
    stalls: true,
  };
  using stalled = await Reading.begin(order, signal);
  job.open();
  while ((await jobState(server, job.id, signal)).lastSeq < LINES_TO_STALL) await delay(QUIET.ms);
  await untilQuiet(server, signal);
  const log = {
    port: server.port,
    pids: [server.pid],
    request: server.followRequest(ALL_FIELDS, job.id, LINES_TO_STALL),
    shape: ALL_FIELDS.shape,
    after: LINES_TO_STALL,
    begin: () => {
      writeFileSync(secondGate, '');
    },
  };
  const quick = await deliver(log, 1, lines, context);
  if (resume) {
    stalled.resume();
    await stalled.finish();
  }
  return quick;
}

async function untilQuiet(server: BenchServer, signal: AbortSignal): Promise<void> {
  for (;;) {
    const watch = new UsageWatch([server.pid]);
    await delay(QUIET.ms, undefined, { signal });
    if (watch.read().cpuSeconds < (QUIET.cores * QUIET.ms) / 1_000) return;
  }
}
