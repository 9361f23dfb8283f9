import type { MigrationReport } from './migration-process.ts';
import { runMigrations } from './run-migrations.ts';

// The process that migration-process.ts starts: a path comes in, the names of what was applied go out.
// Without its server it ends: nobody takes what it makes.
process.once('disconnect', () => {
  // eslint-disable-next-line no-restricted-properties -- all that it holds is a copy that nobody takes
  process.exit();
});
const [databasePath = ''] = process.argv.slice(2);
const report: MigrationReport = await runMigrations(databasePath).then(
  (applied) => ({ applied }),
  (error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) }),
);
process.send?.(report, () => {
  process.disconnect();
});
