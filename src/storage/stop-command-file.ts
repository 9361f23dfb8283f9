import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { StopCommandReport } from '../domain/stop-command-report.ts';
import type { JobDirectory } from './job-directory.ts';
import { writeWhole } from './write-whole.ts';

export const stopCommandReport = z.object({
  startedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
  exitCode: z.int().nullable(),
  message: z.string().nullable(),
}) satisfies z.ZodType<StopCommandReport>;

/** Says that the stop command begins, before it does: it is run once. @throws EEXIST where it has begun before */
export function writeStopCommandBegun(directory: JobDirectory, begun: StopCommandReport): void {
  writeFileSync(directory.stopCommandPath, JSON.stringify(begun), { mode: 0o600, flag: 'wx' });
}

/** What has become of it. */
export function writeStopCommandEnd(directory: JobDirectory, ended: StopCommandReport): void {
  writeWhole(directory.stopCommandPath, JSON.stringify(ended));
}

/** What a server, this one or a former, has said of it; `null` where it has never begun. */
export function readStopCommand(directory: JobDirectory): StopCommandReport | null {
  let text: string;
  try {
    text = readFileSync(directory.stopCommandPath, 'utf8');
  } catch {
    return null;
  }
  try {
    return stopCommandReport.parse(JSON.parse(text));
  } catch {
    return { startedAtMs: Date.now(), finishedAtMs: null, exitCode: null, message: null }; // Torn: it was about to begin.
  }
}
