import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ALL_FIELDS } from '../documents/all-fields.ts';
import type { PacedWriterSetup } from '../load/paced-writer.ts';
import type { ReadReport } from '../reader/read-order.ts';
import type { BenchServer } from './bench-server.ts';
import type { BenchContext } from './context.ts';
import { type Usage, UsageWatch } from './process-usage.ts';
import { Reading } from './reading.ts';

const LOOK_MS = 25;

export interface PacedLoad {
  readonly jobs: number;
  readonly followersOfEach: number;
  /** Of each job. */
  readonly linesPerSecond: number;
  readonly seconds: number;
  /** What goes on meanwhile. */
  readonly beside?: {
    /** Called when all readers are attached; the lines come after it. */
    begin(): Promise<void>;
    /** Called when the last line is written. */
    end(): Promise<void>;
  };
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
  { jobs, followersOfEach, linesPerSecond, seconds, beside }: PacedLoad,
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
    await untilNoneWaits(server, signal);
    using reading = await Reading.begin(order, signal);
    await beside?.begin();
    const watch = new UsageWatch([server.pid]);
    writer.send('go');
    const [writingMs] = (await once(writer, 'message', { signal })) as [number];
    const usage = watch.read();
    await beside?.end();
    const read = await reading.finish();
    return { read, usage, writingMs };
  } finally {
    writer.kill('SIGKILL');
  }
}

/** All jobs run: what their starts cost is not measured. */
async function untilNoneWaits(server: BenchServer, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { jobs } = await server.ask<{ jobs: { edges: unknown[] } }>(
      '{ jobs(first: 1, where: { statuses: [QUEUED, STARTING] }) { edges { cursor } } }',
    );
    if (jobs.edges.length === 0) return;
    await delay(LOOK_MS, undefined, { signal });
  }
}
