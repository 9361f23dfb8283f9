import { BenchServer } from '../harness/bench-server.ts';
import type { BenchContext } from '../harness/context.ts';
import { UsageWatch } from '../harness/process-usage.ts';
import { figures } from '../harness/row.ts';
import { percentile } from '../harness/statistics.ts';
import type { BenchCase } from './case.ts';

const STARTS = 100;
const QUICK_STARTS = 20;
const WARM_UP_STARTS = 20;
const TARGET_MS = { p50: 20, p99: 80 } as const;
const STARTS_AT_ONCE = 8;

/** From the call of `startJob` to the first line at a subscriber that is opened with the answer; and jobs one after another. */
export const FIRST_LINE: BenchCase = {
  letter: 'h',
  title: 'startJob to the first line',
  maxSecondsPerRun: 60,
  async run(context, tell) {
    const starts = context.quick ? QUICK_STARTS : STARTS;
    const samplesMs: number[][] = [];
    const rates: number[] = [];
    const cpuSecondsEach: number[] = [];
    const peaksMiB: number[] = [];
    await using server = await BenchServer.start(context);
    for (let start = 0; start < WARM_UP_STARTS; start++) await firstLineMs(server, context);
    for (let run = 0; run < context.runs; run++) {
      const watch = new UsageWatch([server.pid]);
      const ofRun: number[] = [];
      for (let start = 0; start < starts; start++) ofRun.push(await firstLineMs(server, context));
      samplesMs.push(ofRun);
      rates.push(await jobsPerSecond(server, context, 2 * starts));
      const usage = watch.read();
      cpuSecondsEach.push(usage.cpuSeconds / (3 * starts));
      peaksMiB.push(usage.peakRssMiB);
    }
    for (const [share, at] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      tell({
        case: 'h',
        what: `startJob to the first line, ${share} of ${starts}`,
        measured: figures(
          'ms',
          samplesMs.map((samples) => percentile(samples, at)),
        ),
        target: { of: 'measured', is: 'at most', value: TARGET_MS[share] },
      });
    }
    tell({
      case: 'h',
      what: `jobs from call to LogDone, ${STARTS_AT_ONCE} at once`,
      measured: figures('jobs/s', rates),
      // One line a job.
      cpuSecondsPerMillion: figures(
        's',
        cpuSecondsEach.map((seconds) => seconds * 1e6),
      ),
      peakRssMiB: figures('MiB', peaksMiB),
    });
  },
};

async function firstLineMs(server: BenchServer, { signal }: BenchContext): Promise<number> {
  const calledAtMs = performance.now();
  const { id } = await server.client.startJob({ command: ['echo', '1'] }, { signal });
  let firstMs = Number.NaN;
  let lines = 0;
  for await (const event of server.client.followJobLogs(id, { signal })) {
    if (event.__typename !== 'LogLines') continue;
    if (lines === 0) firstMs = performance.now() - calledAtMs;
    lines += event.lines.length;
  }
  signal.throwIfAborted();
  if (lines !== 1) throw new Error(`Lines were lost or repeated: ${lines} of 1.`);
  return firstMs;
}

async function jobsPerSecond(server: BenchServer, context: BenchContext, jobs: number): Promise<number> {
  const beganAtMs = performance.now();
  let rest = jobs;
  const worker = async (): Promise<void> => {
    while (rest-- > 0) await firstLineMs(server, context);
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, worker));
  return (jobs / (performance.now() - beganAtMs)) * 1_000;
}
