import { BenchServer } from '../harness/bench-server.ts';
import { deliverPaced, type PacedReport } from '../harness/paced-delivery.ts';
import { figures } from '../harness/row.ts';
import type { BenchCase } from './case.ts';

const LINES_PER_SECOND = 100;
const FOLLOWERS = 100;
const TARGET_MS = { p50: 5, p99: 25 } as const;

export const LATENCY: BenchCase = {
  letter: 'c',
  title: `write to reader at ${LINES_PER_SECOND} lines/s x ${FOLLOWERS} followers`,
  maxSecondsPerRun: 60,
  async run(context, tell) {
    const load = {
      jobs: 1,
      followersOfEach: FOLLOWERS,
      linesPerSecond: LINES_PER_SECOND,
      seconds: context.quick ? 2 : 6,
    };
    const runs: PacedReport[] = [];
    await using server = await BenchServer.start(context);
    for (let run = 0; run <= context.runs; run++) {
      const report = await deliverPaced(server, context, run === 0 ? { ...load, seconds: 2 } : load);
      if (run > 0) runs.push(report);
    }
    for (const share of ['p50', 'p99'] as const) {
      tell({
        case: 'c',
        what: `write to reader, ${share}`,
        measured: figures(
          'ms',
          runs.map(({ read }) => read.latencyMs?.[share] ?? Number.NaN),
        ),
        target: { of: 'measured', is: 'at most', value: TARGET_MS[share] },
        ...(share === 'p50' && {
          cpuSecondsPerMillion: figures(
            's',
            runs.map(({ read, usage }) => (usage.cpuSeconds / read.lines) * 1e6),
          ),
          peakRssMiB: figures(
            'MiB',
            runs.map(({ usage }) => usage.peakRssMiB),
          ),
        }),
        remark: `longest ${Math.max(...runs.map(({ read }) => read.latencyMs?.max ?? 0)).toFixed(0)} ms`,
      });
    }
  },
};
