import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ALL_FIELDS } from '../documents/all-fields.ts';
import type { PacedWriterSetup } from '../load/paced-writer.ts';
import type { ReadReport } from '../reader/read-order.ts';
import type { BenchServer } from './bench-server.ts';
import type { BenchContext } from './context.ts';
import { type Usage, UsageWatch } from './process-usage.ts';
import { Reading } from './reading.ts';

export interface PacedLoad {
  readonly jobs: number;
  readonly followersOfEach: number;
  /** Of each job. */
  readonly linesPerSecond: number;
  readonly seconds: number;
}

export interface PacedReport {
  readonly read: ReadReport;
  readonly usage: Usage;
  /** For how long lines were written. */
  readonly writingMs: number;
}

/** Jobs that print at a steady rate, each with its followers. @throws Error if a line was lost or came twice */
export async function deliverPaced(
  server: BenchServer,
  context: BenchContext,
  { jobs, followersOfEach, linesPerSecond, seconds }: PacedLoad,
): Promise<PacedReport> {
  const pipes = Array.from({ length: jobs }, () => context.scratchPath('pipe'));
  execFileSync('mkfifo', pipes);
  const lines = linesPerSecond * seconds;
  const setup: PacedWriterSetup = { pipes, linesPerSecond, lines };
  const writer = fork(join(import.meta.dirname, '../load/paced-writer.ts'), [JSON.stringify(setup)], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    const { signal } = context;
    await once(writer, 'message', { signal });
    const groups = [];
    for (const pipe of pipes) {
      const { id } = await server.client.startJob({ command: ['cat', pipe] });
      groups.push({ request: server.followRequest(ALL_FIELDS, id), readers: followersOfEach });
    }
    const order = {
      port: server.port,
      groups,
      shape: ALL_FIELDS.shape,
      after: 0,
      lastSeq: lines,
      textCycle: Number.MAX_SAFE_INTEGER,
      takesLatencies: true,
      stalls: false,
    };
    using reading = await Reading.begin(order, signal);
    const watch = new UsageWatch([server.pid]);
    writer.send('go');
    const [writingMs] = (await once(writer, 'message', { signal })) as [number];
    const read = await reading.finish();
    return { read, usage: watch.read(), writingMs };
  } finally {
    writer.kill('SIGKILL');
  }
}
