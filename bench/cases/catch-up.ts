import { ALL_FIELDS } from '../documents/all-fields.ts';
import { BenchServer } from '../harness/bench-server.ts';
import { ingest } from '../harness/finished-job.ts';
import { deliver, type Delivery } from '../harness/line-source.ts';
import { rssMiB } from '../harness/process-usage.ts';
import { figures } from '../harness/row.ts';
import type { BenchCase } from './case.ts';

const LINES = 10_000_000;
const QUICK_LINES = 200_000;

/** A follower that begins at the first line of a job that has ended. */
export const CATCH_UP: BenchCase = {
  letter: 'd',
  title: 'catch-up of a finished job from its first line',
  maxSecondsPerRun: 120,
  async run(context, tell) {
    const lines = context.quick ? QUICK_LINES : LINES;
    const runs: (Delivery & { growthMiB: number })[] = [];
    await using server = await BenchServer.start(context);
    const follow = async (count: number): Promise<void> => {
      const { jobId } = await ingest(server, context, count);
      const prepared = {
        port: server.port,
        pids: [server.pid],
        request: server.followRequest(ALL_FIELDS, jobId),
        shape: ALL_FIELDS.shape,
        begin: () => undefined,
      };
      const before = rssMiB(server.pid);
      const delivery = await deliver(prepared, 1, count, context);
      runs.push({ ...delivery, growthMiB: delivery.serverPeakRssMiB - before });
    };
    await follow(QUICK_LINES);
    runs.length = 0;
    // One run: it is long enough to be its own average.
    await follow(lines);
    tell({
      case: 'd',
      what: `${lines.toLocaleString('en')} lines`,
      measured: figures(
        'lines/s',
        runs.map((run) => run.lines / run.seconds),
      ),
      target: { of: 'measured', is: 'at least', value: 500_000 },
      cpuSecondsPerMillion: figures(
        's',
        runs.map((run) => (run.serverCpuSeconds / run.lines) * 1e6),
      ),
      peakRssMiB: figures(
        'MiB',
        runs.map((run) => run.serverPeakRssMiB),
      ),
    });
    tell({
      case: 'd',
      what: 'growth of the server meanwhile',
      measured: figures(
        'MiB',
        runs.map(({ growthMiB }) => growthMiB),
      ),
      target: { of: 'measured', is: 'at most', value: 50 },
    });
  },
};
