import { BenchServer } from '../harness/bench-server.ts';
import { deliverPaced, type PacedReport } from '../harness/paced-delivery.ts';
import { figures } from '../harness/row.ts';
import type { BenchCase } from './case.ts';

const JOBS = 100;
const LINES_PER_SECOND = 1_000;

/** Whether many jobs at once keep up: the rate is given, and what is measured is whether it holds, and how late lines are. */
export const MANY_JOBS: BenchCase = {
  letter: 'b',
  title: `${JOBS} jobs x ${LINES_PER_SECOND.toLocaleString('en')} lines/s x 1 follower`,
  maxSecondsPerRun: 60,
  async run(context, tell) {
    const load = {
      jobs: JOBS,
      followersOfEach: 1,
      linesPerSecond: LINES_PER_SECOND,
      seconds: context.quick ? 1 : 4,
    };
    const runs: PacedReport[] = [];
    await using server = await BenchServer.start(context, ['--max-running', String(JOBS + 8)]);
    for (let run = 0; run <= context.runs; run++) {
      const report = await deliverPaced(server, context, run === 0 ? { ...load, seconds: 1 } : load);
      if (run > 0) runs.push(report);
    }
    tell({
      case: 'b',
      what: `${JOBS} jobs: lines arriving, of ${(JOBS * LINES_PER_SECOND).toLocaleString('en')}/s`,
      measured: figures(
        'lines/s',
        runs.map(({ read }) => (read.lines / (read.lastLineAtMs - read.firstLineAtMs)) * 1_000),
      ),
      cpuSecondsPerMillion: figures(
        's',
        runs.map(({ read, usage }) => (usage.cpuSeconds / read.lines) * 1e6),
      ),
      peakRssMiB: figures(
        'MiB',
        runs.map(({ usage }) => usage.peakRssMiB),
      ),
      remark: `the writer took ${(Math.max(...runs.map(({ writingMs }) => writingMs)) / 1_000).toFixed(1)} s for its ${load.seconds} s`,
    });
    for (const share of ['p50', 'p99'] as const) {
      tell({
        case: 'b',
        what: `${JOBS} jobs: write to reader, ${share}`,
        measured: figures(
          'ms',
          runs.map(({ read }) => read.latencyMs?.[share] ?? Number.NaN),
        ),
      });
    }
  },
};
