import type { Check } from './report.ts';
import type { History, Rest } from './rest.ts';
import type { Soak } from './soak.ts';

/** What was measured; shorter where the run broke off. */
export interface Measured {
  /** At the end of each stretch; between the second and the third the server has lived on. */
  readonly rests: readonly Rest[];
  /** After the first stretch and after the last. */
  readonly histories: readonly History[];
  readonly stretches: number;
  /** The most jobs that run at once. */
  readonly maxRunning: number;
  /** The most finished jobs that may be left. */
  readonly retainedJobs: number;
  readonly canFill: boolean;
  /** Errors in the server's own log. */
  readonly errors: readonly string[];
}

const MIB = 1024 * 1024;
/** What is held after a collection, at the end of a stretch against the one before in the same life: caches are filled by then. */
const HELD_SLACK_BYTES = 8 * MIB;
/** V8 keeps room that it once needed. */
const RESIDENT_SLACK_BYTES = 96 * MIB;
/** A database grows by its audit log alone; what is a job's may be more where there are more jobs. */
const ROWS_FACTOR = 1.25;
const ROWS_SLACK = 40;

/** A run is judged by what it has seen. */
export function judge({ counts, failures }: Soak, measured: Measured): Check[] {
  const { rests, histories, stretches, maxRunning, retainedJobs, canFill, errors } = measured;
  const [, before, after] = rests;
  const [first, last] = histories;
  const fills = counts.of('times that the disk was filled');
  const failedLaunches = counts.of('launches that failed');
  const deaths = counts.of('restarts after SIGKILL');
  return [
    verdict(
      'each line once and in order, or in a gap that says why; each reader an end, and each job the one of its program',
      failures.length === 0 && counts.of('lines checked') > 0,
      `${figure(counts.of('lines checked'))} lines, ${figure(counts.of('lines told as trimmed'))} told as trimmed; ${failures.length} failures`,
    ),
    verdict(
      'a launch fails where the server is killed or the disk filled in its midst, and nowhere else',
      failedLaunches <= (deaths + fills) * maxRunning,
      `${failedLaunches} of ${counts.of('jobs')} jobs, ${deaths} kills, ${fills} times filled`,
    ),
    verdict(
      'nothing is left at rest: channels, readers, active jobs, descriptors, timers, processes; the database is whole',
      rests.length === stretches,
      `${rests.length} of ${stretches} times`,
    ),
    verdict(
      'memory is flat within a life of the server',
      before !== undefined &&
        after?.pid === before.pid &&
        after.heldBytes <= before.heldBytes + HELD_SLACK_BYTES &&
        after.residentBytes <= before.residentBytes + RESIDENT_SLACK_BYTES,
      `held ${mebibytes(before?.heldBytes, after?.heldBytes)}, resident ${mebibytes(before?.residentBytes, after?.residentBytes)}`,
    ),
    verdict(
      'descriptors are flat',
      before !== undefined && rests.every(({ descriptors }) => descriptors <= before.descriptors + 2),
      rests.map(({ descriptors }) => descriptors).join(' → '),
    ),
    verdict(
      'the history is flat: the rows of every table but the audit log, for each job that is kept',
      first !== undefined && last !== undefined && grown(first, last).length === 0,
      first === undefined || last === undefined
        ? 'nothing'
        : `${first.jobDirectories} → ${last.jobDirectories} directories, ${mebibytes(first.databaseBytes, last.databaseBytes)} of database${['', ...grown(first, last)].join('; grown: ')}`,
    ),
    verdict(
      'retention has removed what is too much',
      last !== undefined && last.jobDirectories <= retainedJobs && counts.of('jobs') >= last.jobDirectories,
      `${figure(counts.of('jobs'))} jobs, ${last?.jobDirectories ?? '?'} kept, ${counts.of('removals')} removed by hand`,
    ),
    verdict('the server said no error but of its full disk', errors.length === 0, `${errors.length} errors`),
    canFill
      ? verdict(
          'a disk that is full is said, and no reason to end',
          fills > 0,
          `${fills} times filled, ${counts.of('starts refused for want of disk')} starts refused`,
        )
      : {
          what: 'a disk that is full is said, and no reason to end',
          result: 'SKIPPED',
          seen: 'no file system can be mounted here',
        },
  ];
}

function grown(first: History, last: History): string[] {
  const jobsFactor = Math.max(1, last.jobDirectories / Math.max(1, first.jobDirectories));
  return Object.entries(last.rows)
    .filter(([table, rows]) => rows > (first.rows[table] ?? 0) * jobsFactor * ROWS_FACTOR + ROWS_SLACK)
    .map(([table, rows]) => `${table} ${first.rows[table] ?? 0} → ${rows}`);
}

function verdict(what: string, holds: boolean, seen: string): Check {
  return { what, result: holds ? 'passed' : 'FAILED', seen };
}

function figure(count: number): string {
  return count.toLocaleString('en');
}

function mebibytes(...bytes: readonly (number | undefined)[]): string {
  return `${bytes.map((one) => (one === undefined ? '?' : (one / MIB).toFixed(1))).join(' → ')} MiB`;
}
