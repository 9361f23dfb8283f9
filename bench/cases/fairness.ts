import { ALL_FIELDS } from '../documents/all-fields.ts';
import { Asking } from '../harness/asking.ts';
import type { BenchServer } from '../harness/bench-server.ts';
import type { BenchContext } from '../harness/context.ts';
import { ingest } from '../harness/finished-job.ts';
import { startGatedJob } from '../harness/gated-job.ts';
import { FILE_LINES, printCommand } from '../harness/lines-file.ts';
import { type LoopHold, ProbedServer } from '../harness/loop-probe.ts';
import { deliverPaced, type PacedReport } from '../harness/paced-delivery.ts';
import { Reading } from '../harness/reading.ts';
import { figures, type Row } from '../harness/row.ts';
import { percentile } from '../harness/statistics.ts';
import type { BenchCase } from './case.ts';

const QUIET = { jobs: 20, followersOfEach: 1, linesPerSecond: 10 } as const;
const FLOODING_JOBS = 2;
const SECONDS = 6;
const QUICK_SECONDS = 2;
/** Of each flooding job that is read: more than comes through in the time. */
const FLOOD_LINES = 3_000_000;
const CATCH_UP_LINES = 10_000_000;
const QUICK_LINES = 500_000;
const LIMIT_MS = { line: 50, loop: 20 } as const;

/** What goes on beside the quiet jobs; `stop` resolves when it is over. */
interface Load {
  begin(): void;
  stop(): Promise<void>;
}

interface Run {
  readonly paced: PacedReport;
  readonly answersMs: readonly number[];
  readonly hold: LoopHold;
}

/** Whether jobs that print little, and short questions, notice the ones that print much. */
export const FAIRNESS: BenchCase = {
  letter: 'i',
  title: `${QUIET.jobs} jobs x ${QUIET.linesPerSecond} lines/s x 1 follower, beside floods`,
  maxSecondsPerRun: 200,
  async run(context, tell) {
    await using probed = await ProbedServer.start(context, ['--max-running', String(QUIET.jobs + 8)]);
    const { server } = probed;
    const lines = context.quick ? QUICK_LINES : CATCH_UP_LINES;
    const { jobId: longJobId } = await ingest(server, context, lines);
    const loads: Record<string, () => Promise<Load>> = {
      alone: () => Promise.resolve({ begin: () => undefined, stop: () => Promise.resolve() }),
      [`beside ${FLOODING_JOBS} floods`]: () => floodUnread(server, context),
      [`beside ${FLOODING_JOBS} floods with a reader each`]: () => floodReaders(server, context),
      [`beside a reader that catches up`]: () => catchUp(server, context, longJobId, lines),
    };
    for (const [name, prepare] of Object.entries(loads)) {
      const runs: Run[] = [];
      for (let run = 0; run < context.runs; run++) runs.push(await measure(probed, context, await prepare()));
      for (const row of rowsOf(name, runs)) tell(row);
    }
  },
};

async function measure(probed: ProbedServer, context: BenchContext, load: Load): Promise<Run> {
  const { server } = probed;
  using asking = new Asking(server);
  let hold: LoopHold = { p99Ms: Number.NaN, longestMs: Number.NaN };
  try {
    const paced = await deliverPaced(server, context, {
      ...QUIET,
      seconds: context.quick ? QUICK_SECONDS : SECONDS,
      beside: {
        begin: async () => {
          load.begin();
          await probed.loopHold();
          asking.begin();
        },
        end: async () => {
          asking.end();
          hold = await probed.loopHold();
        },
      },
    });
    return { paced, answersMs: asking.latenciesMs, hold };
  } finally {
    await load.stop();
  }
}

/** Jobs that print as fast as they can for as long as they may, and that nobody reads. */
async function floodUnread(server: BenchServer, context: BenchContext): Promise<Load> {
  const endless = `while :; do ${printCommand(context.linesPath, FILE_LINES)}; done`;
  const jobs = await startAll(() => startGatedJob(server, context, endless));
  return {
    begin: () => {
      for (const job of jobs) job.open();
    },
    stop: async () => {
      for (const { id } of jobs) await server.client.cancelJob(id, { gracePeriodMs: 0 });
    },
  };
}

async function floodReaders(server: BenchServer, context: BenchContext): Promise<Load> {
  const lines = context.quick ? QUICK_LINES : FLOOD_LINES;
  const jobs = await startAll(() => startGatedJob(server, context, printCommand(context.linesPath, lines)));
  const reading = await readAll(
    server,
    context,
    jobs.map(({ id }) => id),
    lines,
  );
  return {
    begin: () => {
      for (const job of jobs) job.open();
    },
    stop: () => untilRead(reading),
  };
}

async function catchUp(
  server: BenchServer,
  context: BenchContext,
  jobId: string,
  lines: number,
): Promise<Load> {
  let reading: Promise<Reading> | undefined;
  return await Promise.resolve({
    begin: () => {
      reading = readAll(server, context, [jobId], lines);
    },
    stop: async () => {
      if (reading !== undefined) await untilRead(await reading);
    },
  });
}

async function readAll(
  server: BenchServer,
  { signal }: BenchContext,
  jobIds: readonly string[],
  lines: number,
): Promise<Reading> {
  const order = {
    port: server.port,
    groups: jobIds.map((id) => ({ request: server.followRequest(ALL_FIELDS, id), readers: 1 })),
    shape: ALL_FIELDS.shape,
    after: 0,
    lastSeq: lines,
    textCycle: FILE_LINES,
    takesLatencies: false,
    stalls: false,
  };
  return await Reading.begin(order, signal);
}

async function untilRead(reading: Reading): Promise<void> {
  using ended = reading;
  await ended.finish();
}

async function startAll<T>(start: () => Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: FLOODING_JOBS }, start));
}

function rowsOf(name: string, runs: readonly Run[]): Row[] {
  const isAlone = name === 'alone';
  const lines = (share: 'p50' | 'p99' | 'max'): number[] =>
    runs.map(({ paced }) => paced.read.latencyMs?.[share] ?? Number.NaN);
  const answers = (share: number): number[] => runs.map(({ answersMs }) => percentile(answersMs, share));
  const row = (what: string, samples: readonly number[], mostMs?: number): Row => ({
    case: 'i',
    what: `${name}: ${what}`,
    measured: figures('ms', samples),
    ...(mostMs !== undefined && !isAlone && { target: { of: 'measured', is: 'at most', value: mostMs } }),
  });
  const text = (samples: readonly number[]): string => `${Math.max(...samples).toFixed(1)} ms`;
  return [
    {
      ...row('write to reader, p99', lines('p99'), LIMIT_MS.line),
      peakRssMiB: figures(
        'MiB',
        runs.map(({ paced }) => paced.usage.peakRssMiB),
      ),
      remark: `p50 at most ${text(lines('p50'))}, longest ${text(lines('max'))}`,
    },
    { ...row('answer to a query, p99', answers(0.99)), remark: `p50 at most ${text(answers(0.5))}` },
    {
      ...row(
        'delay of the event loop, p99',
        runs.map(({ hold }) => hold.p99Ms),
        LIMIT_MS.loop,
      ),
      remark: `longest ${text(runs.map(({ hold }) => hold.longestMs))}`,
    },
  ];
}
