import { parentPort, workerData } from 'node:worker_threads';
import { runMigrations } from './run-migrations.ts';

// The thread that migration-thread.ts starts: a path comes in, the names of what was applied go out.
parentPort?.postMessage(await runMigrations(workerData as string));
