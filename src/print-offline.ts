import type { CommandContext } from './cli/command-context.ts';
import type { BackupReport } from './backup.ts';
import type { RebuildReport } from './rebuild.ts';
import type { Finding } from './finding.ts';
import type { RestoreReport } from './restore.ts';

/** @throws OutputClosedError */
export async function printRebuild(context: CommandContext, report: RebuildReport): Promise<void> {
  if (context.wantsJson) {
    await context.printJson(report);
    return;
  }
  const { jobs, services, ignored, notRestored, damaged } = report;
  await context.output.write(
    lines(
      `Restored ${counted(jobs, 'job')} and ${counted(services.length, 'service')}.`,
      damaged === null ? null : `The former database is in ${damaged}.`,
      ...ignored.map(
        ({ jobId, because }) => `The directory of job ${String(jobId)} stays as it is: ${because}.`,
      ),
      ...notRestored,
    ),
  );
}

/** @throws OutputClosedError */
export async function printBackup(context: CommandContext, report: BackupReport): Promise<void> {
  if (context.wantsJson) {
    await context.printJson(report);
    return;
  }
  const { path, jobs, files, bytes, unfinished, madeAt } = report;
  await context.output.write(
    lines(
      `Backed up ${counted(jobs, 'job')} as of ${madeAt} to ${path}: ${counted(files, 'file')}, ${String(bytes)} bytes, read back.`,
      unfinished.length === 0
        ? null
        : `Not ended then, and LOST in a restore: ${unfinished.map(String).join(', ')}.`,
    ),
  );
}

/** @throws OutputClosedError */
export async function printRestore(context: CommandContext, report: RestoreReport): Promise<void> {
  if (context.wantsJson) {
    await context.printJson(report);
    return;
  }
  const { dataDirectory, madeAt, jobs, lost, wantedUp, replaced } = report;
  await context.output.write(
    lines(
      `Restored ${counted(jobs, 'job')} as of ${madeAt} to ${dataDirectory}.`,
      replaced === null ? null : `What was there before is in ${replaced}.`,
      lost.length === 0 ? null : `LOST, since they had not ended then: ${lost.map(String).join(', ')}.`,
      wantedUp.length === 0
        ? null
        : `A server on this directory starts at once: ${wantedUp.join(', ')}. See that they run nowhere else.`,
    ),
  );
}

/** @throws OutputClosedError */
export async function printFindings(context: CommandContext, findings: readonly Finding[]): Promise<void> {
  if (context.wantsJson) {
    await context.printJson({ findings });
    return;
  }
  await context.output.write(
    lines(
      ...findings.flatMap(({ check, level, what, todo }) => [
        `${level.padEnd(8)} ${check}: ${what}`,
        todo === null ? null : `         → ${todo}`,
      ]),
    ),
  );
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function lines(...said: readonly (string | null)[]): string {
  return said.flatMap((line) => (line === null ? [] : [`${line}\n`])).join('');
}
