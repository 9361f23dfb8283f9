import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ALL_FIELDS } from '../documents/all-fields.ts';
import { BenchServer } from '../harness/bench-server.ts';
import type { BenchContext } from '../harness/context.ts';
import { startGatedJob } from '../harness/gated-job.ts';
import type { PreparedLog } from '../harness/line-source.ts';
import { FILE_LINES, printCommand } from '../harness/lines-file.ts';
import { rssMiB, UsageWatch } from '../harness/process-usage.ts';
import { Reading } from '../harness/reading.ts';
import { figures } from '../harness/row.ts';
import { openRawLimit } from './follow.ts';
import type { BenchCase } from './case.ts';

const SUBSCRIBERS = 10_000;
const QUICK_SUBSCRIBERS = 1_000;
/** What else a process has open. */
const SPARE_DESCRIPTORS = 500;
/** The garbage of the requests goes meanwhile. */
const SETTLE_MS = 3_000;
/** Each takes long, and they hardly differ. */
const MAX_RUNS = 2;
const WARM_UP_SUBSCRIBERS = 100;

/** What a subscriber costs that waits for a line. Then one line comes, and each must have it. */
export const IDLE_SUBSCRIBERS: BenchCase = {
  letter: 'g',
  title: 'idle subscribers',
  maxSecondsPerRun: 90,
  async run(context, tell) {
    const subscribers = Math.min(
      context.quick ? QUICK_SUBSCRIBERS : SUBSCRIBERS,
      descriptorLimit() - SPARE_DESCRIPTORS,
    );
    const ours: Idle[] = [];
    const raw: Idle[] = [];
    for (let run = 0; run < Math.min(context.runs, MAX_RUNS); run++) {
      // A fresh server each: memory that a server once had it keeps.
      ours.push(await idleAtLifeline(context, subscribers));
      raw.push(await idleAtRawLimit(context, subscribers));
    }
    tell({
      case: 'g',
      what: `memory of each of ${subscribers.toLocaleString('en')} subscribers`,
      measured: figures(
        'KiB',
        ours.map(({ kibEach }) => kibEach),
      ),
      raw: figures(
        'KiB',
        raw.map(({ kibEach }) => kibEach),
      ),
      target: { of: 'share of raw', is: 'at most', value: 2 },
      cpuSecondsPerMillion: figures(
        's',
        ours.map(({ cpuSecondsPerLine }) => cpuSecondsPerLine * 1e6),
      ),
      peakRssMiB: figures(
        'MiB',
        ours.map(({ peakRssMiB }) => peakRssMiB),
      ),
      remark: `one line to all of them took ${Math.max(...ours.map(({ spreadMs }) => spreadMs)).toFixed(0)} ms`,
    });
  },
};

interface Idle {
  readonly kibEach: number;
  readonly cpuSecondsPerLine: number;
  readonly peakRssMiB: number;
  /** From the first reader that had the line to the last. */
  readonly spreadMs: number;
}

async function idleAtLifeline(context: BenchContext, subscribers: number): Promise<Idle> {
  await using server = await BenchServer.start(context, [
    ...['--max-streams', '20000'],
    ...['--max-streams-per-token', '20000'],
  ]);
  const prepare = async (): Promise<PreparedLog> => {
    const job = await startGatedJob(server, context, printCommand(context.linesPath, 1));
    return {
      port: server.port,
      pids: [server.pid],
      request: server.followRequest(ALL_FIELDS, job.id),
      shape: ALL_FIELDS.shape,
      begin: () => {
        job.open();
      },
    };
  };
  await measureIdle(await prepare(), WARM_UP_SUBSCRIBERS, context);
  return await measureIdle(await prepare(), subscribers, context);
}

async function idleAtRawLimit(context: BenchContext, subscribers: number): Promise<Idle> {
  await using raw = await openRawLimit(ALL_FIELDS, context);
  await measureIdle(await raw.prepare(WARM_UP_SUBSCRIBERS, 1), WARM_UP_SUBSCRIBERS, context);
  return await measureIdle(await raw.prepare(subscribers, 1), subscribers, context);
}

async function measureIdle(log: PreparedLog, readers: number, { signal }: BenchContext): Promise<Idle> {
  const resident = (): number => log.pids.reduce((sum, pid) => sum + rssMiB(pid), 0);
  await delay(SETTLE_MS, undefined, { signal });
  const before = resident();
  const order = {
    port: log.port,
    groups: [{ request: log.request, readers }],
    shape: log.shape,
    after: 0,
    lastSeq: 1,
    textCycle: FILE_LINES,
    takesLatencies: false,
    stalls: false,
  };
  using reading = await Reading.begin(order, signal);
  await delay(SETTLE_MS, undefined, { signal });
  const kibEach = ((resident() - before) / readers) * 1_024;
  const watch = new UsageWatch(log.pids);
  log.begin();
  const report = await reading.finish();
  const { cpuSeconds, peakRssMiB } = watch.read();
  return {
    kibEach,
    cpuSecondsPerLine: cpuSeconds / report.lines,
    peakRssMiB,
    spreadMs: report.lastLineAtMs - report.firstLineAtMs,
  };
}

/** Of open files, for this process and those that it starts. */
function descriptorLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1_024);
}
