import type { JobId } from '../domain/job-id.ts';
import type { JobQueuePlace } from '../domain/job-queue-place.ts';

/** Of many holders of a key so many are named. */
const NAMED_HOLDERS = 3;

/** How full the server is. */
export interface Fullness {
  readonly active: number;
  readonly maxRunning: number;
}

/** For a job that could run if the server had a place. */
export function waitsForPlace(position: number, isNext: boolean, fullness: Fullness): JobQueuePlace {
  const full = `${count(fullness.active, 'job runs', 'jobs run')}, and --max-running allows ${String(fullness.maxRunning)}`;
  if (isNext) return { position, reason: 'SERVER_LIMIT', message: `Waits for a place: ${full}.` };
  const others = count(position - 1, 'job that waits', 'jobs that wait');
  return {
    position,
    reason: 'AHEAD_IN_QUEUE',
    message: `Waits for a place behind ${others}: ${full}.`,
  };
}

/** @param holders not empty */
export function waitsForKey(
  position: number,
  key: string,
  limit: number,
  holders: ReadonlySet<JobId>,
): JobQueuePlace {
  const named = [...holders].slice(0, NAMED_HOLDERS).map((jobId) => `job ${String(jobId)}`);
  const more = holders.size - named.length;
  const names = more > 0 ? [...named, `${String(more)} more`] : named;
  const last = names.pop() ?? '';
  const all = names.length === 0 ? last : `${names.join(', ')} and ${last}`;
  const hold = holders.size === 1 ? 'holds' : 'hold';
  return {
    position,
    reason: 'CONCURRENCY_LIMIT',
    message: `Waits for ${all}, which ${hold} the key ${JSON.stringify(key)} (limit ${String(limit)}).`,
  };
}

export function waitsForDisk(position: number, message: string): JobQueuePlace {
  return { position, reason: 'DISK_LOW', message };
}

export function waitsForServer(position: number): JobQueuePlace {
  return {
    position,
    reason: 'SERVER_STOPPING',
    message: 'Waits for the next start: the server is stopping, and nothing leaves the queue.',
  };
}

function count(number: number, one: string, many: string): string {
  return `${String(number)} ${number === 1 ? one : many}`;
}
