/**
 * npm run test:soak -- [--minutes N] [--seed S] [--write]: the real server under everything at once, for as long as that.
 *
 * After a first quarter, and at the end, all comes to rest and the server is measured: what it holds must be nothing, what it takes
 * must not have grown. `--write` keeps the table for docs/reliability.md. The exit code is 0 only if no check failed.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { openDatabase } from '../chaos/after-round.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { canMount } from '../end-to-end/harness/small-disk.ts';
import { measureQuiet, type Measure } from './measure.ts';
import { readOptions } from './options.ts';
import { soakTable, type Check } from './report.ts';
import { Soak } from './soak.ts';

/** Says that the mounts of this process are its own. */
const INSIDE = 'SOAK_INSIDE_NAMESPACE';
const DISK = '512m';
/** Once for all lives of the server: its jobs go on there. */
const MOUNT = `mountpoint -q "$7" || { mkdir -p "$7" && mount -t tmpfs -o size=${DISK} lifeline "$7"; }; exec "$@"`;
const RETAINED_JOBS = 40;
/** Resident memory at the end against that after the first quarter: V8 keeps what it once needed. */
const MEMORY_FACTOR = 1.3;
const MEMORY_SLACK_BYTES = 48 * 1024 * 1024;
/** The audit log has an entry of each start, cancel and removal, within a bound of its own. */
const DATABASE_BYTES_A_JOB = 4 * 1024;
const DATABASE_SLACK_BYTES = 512 * 1024;
/** What the server may say of a disk that was filled. */
const OF_THE_DISK = /ENOSPC|disk is full|SQLITE_FULL|full/i;

const options = readOptions();
const isInside = process.env[INSIDE] !== undefined;
if (!isInside && canMount()) {
  const unshare = process.getuid?.() === 0 ? ['-m', '--propagation', 'private'] : ['-Urm'];
  const command = [
    ...unshare,
    process.execPath,
    '--import',
    'tsx',
    import.meta.filename,
    ...process.argv.slice(2),
  ];
  const { status } = spawnSync('unshare', command, {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  process.exit(status ?? 1);
}

console.log(
  `seed ${options.seed}; repeat with: npm run test:soak -- --minutes ${options.minutes} --seed ${options.seed}`,
);
const server = await LifelineServer.start({
  args: ['--retain-jobs', String(RETAINED_JOBS), '--min-free-bytes', '64MiB', '--max-running', '8'],
  ...(isInside && { wrapper: ['sh', '-c', MOUNT, 'sh'] }),
});
const soak = new Soak(server, options.seed, isInside);
const durationMs = options.minutes * 60_000;
const measures: Measure[] = [];
let jobsAtQuarter = 0;
try {
  for (const part of [0.25, 0.75]) {
    await soak.stretch(durationMs * part);
    measures.push(await measureQuiet(server));
    if (part === 0.25) jobsAtQuarter = soak.counts.of('jobs');
    console.log(
      `${Math.round(performance.now() / 1_000)} s: ${soak.counts.of('jobs')} jobs, ${soak.failures.length} failures`,
    );
  }
} catch (error) {
  soak.failures.push({ what: 'coming to rest', error });
}
const checks = await check();
for (const { what, error } of soak.failures) console.log(`\nFAILED ${what}\n${inspect(error)}`);
await server[Symbol.asyncDispose]().catch((error: unknown) => {
  // A mount point cannot be removed; it goes with this process.
  if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
});

const table = soakTable(options, checks, soak.counts);
console.log(`\n${table}`);
if (options.write) writeFileSync(new URL('../reliability/soak.md', import.meta.url), table);
const count = (result: Check['result']): number => checks.filter((one) => one.result === result).length;
const [passed, failed, skipped] = [count('passed'), count('FAILED'), count('SKIPPED')];
if (options.report !== null)
  writeFileSync(
    options.report,
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: skipped,
      numTodoTests: 0,
    }),
  );
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

async function check(): Promise<Check[]> {
  const [quarter, end] = measures;
  const { counts, failures } = soak;
  const said = server.stderr.split('\n').filter((line) => /"level":[56]0/.test(line));
  const errors = said.filter((line) => !OF_THE_DISK.test(line));
  for (const line of errors.slice(0, 20)) console.log(`the server said: ${line}`);
  const removed = await removedJobs();
  const grown = end === undefined ? 0 : counts.of('jobs') - jobsAtQuarter;
  return [
    verdict(
      'each line once or in a gap that says why, each end true',
      failures.length === 0,
      `${counts.of('lines checked')} lines, ${failures.length} failures`,
    ),
    verdict(
      'nothing is left: counters, descriptors, processes',
      measures.length === 2,
      `${measures.length} of 2 times`,
    ),
    verdict(
      'memory is flat',
      within(quarter?.residentBytes, end?.residentBytes, MEMORY_FACTOR, MEMORY_SLACK_BYTES),
      mebibytes(quarter?.residentBytes, end?.residentBytes),
    ),
    verdict(
      'descriptors are flat',
      quarter !== undefined && end !== undefined && end.descriptors <= quarter.descriptors + 2,
      `${quarter?.descriptors} → ${end?.descriptors}`,
    ),
    verdict(
      'the database is flat',
      within(
        quarter?.databaseBytes,
        end?.databaseBytes,
        1,
        DATABASE_SLACK_BYTES + grown * DATABASE_BYTES_A_JOB,
      ),
      mebibytes(quarter?.databaseBytes, end?.databaseBytes),
    ),
    verdict('the database is whole', integrity() === 'ok', integrity()),
    verdict('retention took jobs away', options.minutes < 1 || removed > 0, `${removed} jobs`),
    verdict('the server said no error', errors.length === 0, `${errors.length} lines`),
    isInside
      ? verdict(
          'the disk was filled, and jobs said so',
          options.minutes < 1 || counts.of('times that the disk was filled') > 0,
          `${counts.of('times that the disk was filled')} times`,
        )
      : { what: 'the disk was filled', result: 'SKIPPED', seen: 'no file system can be mounted here' },
  ];
}

function verdict(what: string, holds: boolean, seen: string): Check {
  return { what, result: holds ? 'passed' : 'FAILED', seen };
}

function within(
  before: number | undefined,
  after: number | undefined,
  factor: number,
  slack: number,
): boolean {
  return before !== undefined && after !== undefined && after <= before * factor + slack;
}

function mebibytes(...bytes: readonly (number | undefined)[]): string {
  return `${bytes.map((one) => (one === undefined ? '?' : (one / 1024 / 1024).toFixed(1))).join(' → ')} MiB`;
}

function integrity(): string {
  const database = openDatabase(server, { readonly: true });
  try {
    return String(database.pragma('integrity_check', { simple: true }));
  } finally {
    database.close();
  }
}

/** Of the last life of the server alone. */
async function removedJobs(): Promise<number> {
  const highest = soak.counts.of('jobs') + 1;
  const { server: view } = await server.ask<{ server: { retention: { kept: { jobs: number } } } }>(
    '{ server { retention { kept { jobs } } } }',
  );
  return highest - view.retention.kept.jobs;
}
