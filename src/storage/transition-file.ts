import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { z } from 'zod';
import { isLegalTransition, JOB_REASONS, JOB_STATUSES, type JobStatus } from '../domain/job-status.ts';
import type { JobDirectory } from './job-directory.ts';
import type { StepRecord } from './job-records.ts';
import { stopCommandReport } from './stop-command-file.ts';

const NEWLINE = 0x0a;

const reason = z.enum(JOB_REASONS);
const facts = z.object({
  message: z.string().nullable().optional(),
  pid: z.int().optional(),
  exitCode: z.int().nullable().optional(),
  signal: z.string().nullable().optional(),
  signalInferred: z.boolean().optional(),
  startedAtMs: z.number().optional(),
  finishedAtMs: z.number().optional(),
  allocatedBytes: z.int().nonnegative().optional(),
});
const cancellation = z.object({
  reason,
  requestedAtMs: z.number(),
  requestedUptimeMs: z.number().nullable().optional(),
  requestedBy: z.string().nullable(),
  gracePeriodMs: z.number(),
  killedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  containment: z.enum(['CONTAINED', 'BEST_EFFORT']),
  processes: z.array(
    z.object({
      pid: z.int(),
      command: z.string(),
      signals: z.array(z.string()),
      goneAtMs: z.number().nullable(),
    }),
  ),
  stopCommand: stopCommandReport.optional(),
});
const step = z.object({
  number: z.int().positive(),
  from: z.enum(JOB_STATUSES).nullable(),
  to: z.enum(JOB_STATUSES),
  atMs: z.number(),
  reason,
  cause: z.string().nullable(),
  facts: facts.optional(),
  cancellation: cancellation.optional(),
  active: z
    .object({ cookie: z.string(), host: z.object({ bootId: z.string(), pidNamespace: z.string() }) })
    .optional(),
}) satisfies z.ZodType<StepRecord>;

/**
 * Adds a step, with all that belongs to it, as one line. Called before the database hears of it, so that the file is
 * never behind. What an earlier write left of a line is closed first and stays unreadable by itself.
 */
export function appendTransition(directory: JobDirectory, record: StepRecord): void {
  mkdirSync(directory.path, { mode: 0o700, recursive: true }); // Somebody may have removed it: the job still ends.
  const descriptor = openSync(directory.transitionsPath, 'a+', 0o600);
  try {
    appendFileSync(descriptor, `${endsTorn(descriptor) ? '\n' : ''}${JSON.stringify(record)}\n`);
  } finally {
    closeSync(descriptor);
  }
}

/** The steps on file, oldest first. Lines that are torn or say something else are left out. */
export function readTransitions(directory: JobDirectory): StepRecord[] {
  return readText(directory.transitionsPath)
    .split('\n')
    .flatMap((line) => parseStep(line) ?? []);
}

/**
 * The steps that follow where a job stands: numbered on from there, each from the status before it, each legal. A line
 * that was written twice counts once; nothing behind a gap counts.
 * @param number how many steps are known already
 * @param status where these have led; `null` before the first
 */
export function stepsAfter(
  steps: readonly StepRecord[],
  number: number,
  status: JobStatus | null,
): StepRecord[] {
  const following: StepRecord[] = [];
  for (const next of steps) {
    if (next.number !== number + 1 || next.from !== status) continue;
    if (status === null ? next.to !== 'QUEUED' : !isLegalTransition(status, next.to)) continue;
    following.push(next);
    number = next.number;
    status = next.to;
  }
  return following;
}

function endsTorn(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parseStep(line: string): StepRecord | undefined {
  if (line === '') return undefined;
  try {
    return step.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
