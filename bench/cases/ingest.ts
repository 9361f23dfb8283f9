import { BenchServer } from '../harness/bench-server.ts';
import { ingest, type Ingest } from '../harness/finished-job.ts';
import { steadyPrintCommand } from '../harness/lines-file.ts';
import { figures } from '../harness/row.ts';
import type { BenchCase } from './case.ts';

const LINES = 5_000_000;
const QUICK_LINES = 1_000_000;
/** At which the server shall need less than one core. */
const LINES_PER_SECOND = 1_500_000;
/** What a writer that keeps to a rate may be short of it: it is started with its job. */
const SHORT_OF_RATE = 0.9;

export const INGEST: BenchCase = {
  letter: 'e',
  title: 'ingest of 100-byte lines with no reader',
  maxSecondsPerRun: 60,
  async run(context, tell) {
    const lines = context.quick ? QUICK_LINES : LINES;
    const runs: Ingest[] = [];
    await using server = await BenchServer.start(context);
    await ingest(server, context, QUICK_LINES / 2);
    const steadyRuns: Ingest[] = [];
    const steady = steadyPrintCommand(context.linesPath, lines, LINES_PER_SECOND);
    for (let run = 0; run < context.runs; run++) {
      runs.push(await ingest(server, context, lines));
      steadyRuns.push(await ingest(server, context, lines, steady));
    }
    tell({
      case: 'e',
      what: `${lines.toLocaleString('en')} lines, as fast as the job prints`,
      measured: figures(
        'lines/s',
        runs.map(({ seconds }) => lines / seconds),
      ),
      target: { of: 'measured', is: 'at least', value: LINES_PER_SECOND },
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
      measured: figures('cores', runs.map(cores)),
    });
    tell({
      case: 'e',
      what: `a job that prints ${LINES_PER_SECOND.toLocaleString('en')} lines/s: numbered`,
      measured: figures(
        'lines/s',
        steadyRuns.map(({ seconds }) => lines / seconds),
      ),
      target: { of: 'measured', is: 'at least', value: SHORT_OF_RATE * LINES_PER_SECOND },
    });
    tell({
      case: 'e',
      what: 'cores of the server meanwhile',
      measured: figures('cores', steadyRuns.map(cores)),
      target: { of: 'measured', is: 'at most', value: 1 },
    });
  },
};

function cores({ usage, seconds }: Ingest): number {
  return usage.cpuSeconds / seconds;
}
