import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunMigrations } from './run-migrations.ts';

/** What the process of the migrations says once, at its end. */
export type MigrationReport = { readonly applied: readonly string[] } | { readonly failure: string };

/**
 * Runs the migrations in a process of their own: the engine is compiled beside the event loop, and its memory (60 MB, of
 * which a thread would leave a part to this process) goes with it. Of sources that are compiled on the way
 * (`npm run dev`) no such process can be made; there they run in this one.
 */
export const runMigrationsInProcess: RunMigrations = async (databasePath) => {
  if (import.meta.url.endsWith('.ts'))
    return (await import('./run-migrations.ts')).runMigrations(databasePath);
  const report = await reportOf(
    fileURLToPath(new URL('./migration-worker.js', import.meta.url)),
    databasePath,
  );
  if ('failure' in report) throw new Error(report.failure);
  return report.applied;
};

async function reportOf(path: string, databasePath: string): Promise<MigrationReport> {
  return new Promise((resolve, reject) => {
    // A debugger's port, a preloaded module: not for this one.
    const child = fork(path, [databasePath], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('message', (report) => {
      resolve(report as MigrationReport);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`the process of the migrations ended with ${String(signal ?? code)}`));
    });
  });
}
