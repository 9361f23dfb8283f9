/** Makes dist/server/new-database.db, empty and with every migration, by what applies them at the start of a server. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const server = join(import.meta.dirname, '..', 'dist', 'server');
const worker = fork(join(server, 'migration-worker.js'), [join(server, 'new-database.db')], { execArgv: [] });
const [report] = await once(worker, 'message');
if ('failure' in report) throw new Error(`The migrations cannot be applied: ${report.failure}`);
await once(worker, 'exit');
