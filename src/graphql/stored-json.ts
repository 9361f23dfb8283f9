import { z } from 'zod';
import type { EnvEntry } from '../domain/env-entry.ts';
import type { StopCommandReport } from '../domain/stop-command-report.ts';
import type { TerminatedProcess } from '../domain/terminated-process.ts';

const strings = z.array(z.string());
const envEntries = z.array(
  z.union([
    z.object({ name: z.string(), value: z.string() }),
    z.object({ name: z.string(), sealed: z.string() }),
  ]),
);
const terminatedProcesses = z.array(
  z.object({
    pid: z.int(),
    command: z.string(),
    signals: z.array(z.string()),
    goneAtMs: z.number().nullable(),
  }),
);

const stopCommandReport = z.object({
  startedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
  exitCode: z.int().nullable(),
  message: z.string().nullable(),
});

/** Reads a column with a JSON array of strings. @throws where the stored text is something else. */
export function readStrings(column: string): string[] {
  return strings.parse(JSON.parse(column));
}

/** Reads the column `env` of a job. @throws where the stored text is something else. */
export function readEnv(column: string): EnvEntry[] {
  return envEntries.parse(JSON.parse(column));
}

/** Reads the column `processes` of a cancellation. @throws where the stored text is something else. */
export function readProcesses(column: string): TerminatedProcess[] {
  return terminatedProcesses.parse(JSON.parse(column));
}

/** Reads the column `stopCommand` of a cancellation. @throws where the stored text is something else. */
export function readStopCommandReport(column: string): StopCommandReport {
  return stopCommandReport.parse(JSON.parse(column));
}
