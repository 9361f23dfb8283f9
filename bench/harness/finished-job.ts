import { setTimeout as delay } from 'node:timers/promises';
import type { BenchServer } from './bench-server.ts';
import type { BenchContext } from './context.ts';
import { startGatedJob } from './gated-job.ts';
import { printCommand } from './lines-file.ts';
import { type Usage, UsageWatch } from './process-usage.ts';

const LOOK_MS = 25;

export interface Ingest {
  readonly jobId: string;
  /** From the gate to the moment at which the server has numbered every line. */
  readonly seconds: number;
  readonly usage: Usage;
}

/**
 * A job that prints so many lines while nobody reads. Resolves when it has ended.
 * @param command that prints them. Default: as fast as it goes
 */
export async function ingest(
  server: BenchServer,
  context: BenchContext,
  lines: number,
  command = printCommand(context.linesPath, lines),
): Promise<Ingest> {
  const job = await startGatedJob(server, context, command);
  const look = (): Promise<JobState> => jobState(server, job.id, context.signal);
  while ((await look()).status !== 'RUNNING') await delay(LOOK_MS);
  const watch = new UsageWatch([server.pid]);
  const beganAtMs = performance.now();
  job.open();
  let state = await look();
  while (state.lastSeq < lines && !state.hasEnded) {
    await delay(LOOK_MS);
    state = await look();
  }
  const seconds = (performance.now() - beganAtMs) / 1_000;
  const usage = watch.read();
  while (!state.hasEnded) {
    await delay(LOOK_MS);
    state = await look();
  }
  if (state.lastSeq !== lines) throw new Error(`${state.lastSeq} lines were numbered of ${lines}.`);
  return { jobId: job.id, seconds, usage };
}

interface JobState {
  readonly status: string;
  readonly hasEnded: boolean;
  readonly lastSeq: number;
}

/** @throws the signal's reason */
export async function jobState(server: BenchServer, jobId: string, signal: AbortSignal): Promise<JobState> {
  signal.throwIfAborted();
  const { job } = await server.ask<{
    job: { status: string; finishedAt: string | null; log: { lastSeq: number } };
  }>(`{ job(id: "${jobId}") { status finishedAt log { lastSeq } } }`);
  return { status: job.status, hasEnded: job.finishedAt !== null, lastSeq: job.log.lastSeq };
}
