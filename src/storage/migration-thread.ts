import { Worker } from 'node:worker_threads';
import type { RunMigrations } from './run-migrations.ts';

/**
 * Runs the migrations in a thread of their own: the engine is compiled beside the event loop, and its memory (35 MB) goes
 * with the thread. Of sources that are compiled on the way (`npm run dev`) no thread can be made; there they run in this one.
 */
export const runMigrationsInThread: RunMigrations = async (databasePath) => {
  const own = import.meta.url;
  if (own.endsWith('.ts')) return (await import('./run-migrations.ts')).runMigrations(databasePath);
  return inThread(new URL(own.replace('migration-thread', 'migration-worker')), databasePath);
};

async function inThread(url: URL, databasePath: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, { workerData: databasePath });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      reject(new Error(`the thread of the migrations ended with ${String(code)}`));
    });
  });
}
