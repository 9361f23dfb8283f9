import { BenchServer } from '../harness/bench-server.ts';
import { ingest, type Ingest } from '../harness/finished-job.ts';
import { figures } from '../harness/row.ts';
import type { BenchCase } from './case.ts';

const LINES = 5_000_000;
const QUICK_LINES = 1_000_000;

export const INGEST: BenchCase = {
  letter: 'e',
  title: 'ingest of 100-byte lines with no reader',
  maxSecondsPerRun: 60,
  async run(context, tell) {
    const lines = context.quick ? QUICK_LINES : LINES;
    const runs: Ingest[] = [];
    await using server = await BenchServer.start(context);
    await ingest(server, context, QUICK_LINES / 2);
    for (let run = 0; run < context.runs; run++) runs.push(await ingest(server, context, lines));
    tell({
      case: 'e',
      what: `${lines.toLocaleString('en')} lines`,
      measured: figures(
        'lines/s',
        runs.map(({ seconds }) => lines / seconds),
      ),
      target: { of: 'measured', is: 'at least', value: 1_500_000 },
      cpuSecondsPerMillion: figures(
        's',
        runs.map(({ usage }) => (usage.cpuSeconds / lines) * 1e6),
      ),
      peakRssMiB: figures(
        'MiB',
        runs.map(({ usage }) => usage.peakRssMiB),
      ),
    });
    tell({
      case: 'e',
      what: 'cores of the server meanwhile',
      measured: figures(
        'cores',
        runs.map(({ usage, seconds }) => usage.cpuSeconds / seconds),
      ),
      target: { of: 'measured', is: 'at most', value: 1 },
    });
  },
};
