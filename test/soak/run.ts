/**
 * npm run test:soak -- [--minutes N] [--seed S] [--write]: the real server under everything at once.
 *
 * Four stretches, and after each all comes to rest and is looked at (rest.ts); in the second and third nobody kills the server, so
 * that its memory can be compared. It ends by itself: a stretch has its limit, and so has the whole. The last line counts what must
 * hold; the exit code is 0 only if none of it failed. `--write` keeps the table for docs/reliability.md.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { quietResources } from '../chaos/after-round.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { ServerControl } from '../end-to-end/harness/server-control.ts';
import { judge } from './checks.ts';
import { readOptions } from './options.ts';
import { hasOwnMounts, onDiskOf, runWithOwnMounts } from './own-mounts.ts';
import { soakReport, soakTable } from './report.ts';
import { atRest, type History, historyAfterRestart, type Rest } from './rest.ts';
import { REQUEST_IDS, Soak } from './soak.ts';

const RETAINED_JOBS = 40;
const MAX_RUNNING = 8;
/** What it may take beyond its minutes: a start, and the end of what is under way after each stretch. */
const WIND_DOWN_MS = 300_000;
/** Parts of its time. */
const STRETCHES = [
  { part: 0.3, deaths: true },
  { part: 0.2, deaths: false },
  { part: 0.2, deaths: false },
  { part: 0.3, deaths: true },
];
/** What the server may say of a disk that was filled. */
const OF_THE_DISK = /ENOSPC|SQLITE_FULL|disk is full|DISK_LOW/;

const options = readOptions();
const exitCode = await runWithOwnMounts();
process.exit(exitCode ?? (await soak()));

async function soak(): Promise<number> {
  const { minutes, seed } = options;
  const durationMs = minutes * 60_000;
  const canFill = hasOwnMounts();
  const rests: Rest[] = [];
  const histories: History[] = [];
  console.log(`seed ${seed}; repeat with: npm run test:soak -- --minutes ${minutes} --seed ${seed}`);
  using control = new ServerControl();
  await using server = await LifelineServer.start({
    ...control.options,
    args: [
      '--retain-jobs',
      String(RETAINED_JOBS),
      '--min-free-bytes',
      '64MiB',
      '--max-running',
      String(MAX_RUNNING),
    ],
    ...(canFill && { wrapper: onDiskOf('512m') }),
  });
  using _mount = {
    [Symbol.dispose]: () => {
      if (canFill) spawnSync('umount', ['-l', server.dataDirectory]);
    },
  };
  using soaked = new Soak({ server, seed, retainedJobs: RETAINED_JOBS, canFill });

  const work = async (): Promise<void> => {
    const quiet = await quietResources(server, control);
    for (const { part, deaths } of STRETCHES) {
      await soaked.stretch(durationMs * part, { deaths });
      rests.push(await atRest(server, control, quiet));
      const isOuter = rests.length === 1 || rests.length === STRETCHES.length;
      if (isOuter) histories.push(await historyAfterRestart(server, RETAINED_JOBS + REQUEST_IDS));
      console.log(
        `${Math.round(performance.now() / 1_000)} s: ${soaked.counts.of('jobs')} jobs, ${soaked.failures.length} failures`,
      );
    }
  };
  await Promise.race([work(), untilStopped(durationMs + WIND_DOWN_MS)]).catch((error: unknown) => {
    soaked.failures.push({ what: 'the run', error });
  });

  for (const { what, error } of soaked.failures) console.log(`\nFAILED ${what}\n${inspect(error)}`);
  const errors = server.stderr
    .split('\n')
    .filter((line) => /"level":[56]0/.test(line) && !OF_THE_DISK.test(line));
  for (const line of errors.slice(0, 20)) console.log(`the server said: ${line}`);
  const stretches = STRETCHES.length;
  const checks = judge(soaked, {
    rests,
    histories,
    stretches,
    maxRunning: MAX_RUNNING,
    retainedJobs: RETAINED_JOBS + REQUEST_IDS,
    canFill,
    errors,
  });
  const table = soakTable(options, checks, soaked.counts);
  if (options.write) writeFileSync(new URL('../reliability/soak.md', import.meta.url), table);
  const report = soakReport(seed, checks);
  if (options.report !== null) writeFileSync(options.report, report);
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(report) as Record<string, number>;
  console.log(`\n${table}\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  return numFailedTests === 0 ? 0 : 1;
}

/** Rejects when the time is over, and when this process is told to end. */
async function untilStopped(limitMs: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new Error(`the run did not end within ${String(limitMs)} ms`));
    }, limitMs).unref();
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        reject(new Error(`the run was ended by ${signal}`));
      });
  });
}
