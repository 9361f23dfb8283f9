import type { JobId } from '../domain/job-id.ts';
import type { JobQueuePlace } from '../domain/job-queue-place.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { waitsForKey, waitsForPlace, waitsForServer } from './queue-place.ts';
import { SortedArray } from './sorted-array.ts';

/** What a job's turn depends on, beside its id. */
export type QueueTerms = Pick<JobSpec, 'priority' | 'concurrencyKey' | 'concurrencyLimit'> &
  Partial<Pick<JobSpec, 'service'>>;

interface WaitingJob extends Omit<QueueTerms, 'service'> {
  readonly jobId: JobId;
  /** Whether it keeps a service up. */
  readonly isKept: boolean;
}

/** Waiting jobs of one key with the same limit: they may go or may not together, and the first of them goes first. */
type Lane = SortedArray<WaitingJob>;

/** One concurrency key, or no key at all. It exists while somebody holds it or waits. */
interface KeyUse {
  /** The active jobs with this key, in the order in which they entered. */
  readonly holders: Set<JobId>;
  /** By limit. Never an empty one. */
  readonly lanes: Map<number, Lane>;
}

/**
 * The active map, and the queue of those that wait for a place in it.
 *
 * A job: `add` → waiting → `take`, and `enter` in the same turn → active, exactly while its guard is held. `delete` takes back
 * one that waits; a job that a former server had begun enters without having waited. After `close` nothing is taken.
 *
 * Order: highest priority first, of equals the lowest id, so that it is the same after a restart. A job whose key has as
 * many active jobs as its own limit allows is passed over and holds up nobody. Where jobs of one key have different limits, one
 * with a low limit can be passed over for as long as those with higher ones keep coming.
 *
 * A job that keeps a service up needs no place: it is to run for as long as somebody wants it, and would take that of a job
 * which comes to an end. It goes before all others, and counts for its key alone.
 *
 * Cost: a logarithm of comparisons a step, however many jobs and keys there are. Only the lane whose limit the count of
 * its key's holders reaches or leaves changes sides.
 */
export class JobQueue {
  readonly #maxRunning: number;
  readonly #active = new Map<JobId, symbol>();
  /** Of these, how many keep a service up. */
  #kept = 0;
  readonly #waiting = new Map<JobId, WaitingJob>();
  readonly #order: Lane = new SortedArray(byTurn);
  readonly #keys = new Map<string | null, KeyUse>();
  /** The first of each lane that its key does not hold back. */
  readonly #ready: Lane = new SortedArray(byTurn);
  #isClosed = false;

  /** @param maxRunning how many jobs may be active at once */
  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning;
  }

  /** Jobs that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Jobs in the active map. */
  get active(): number {
    return this.#active.size;
  }

  /** Keys that somebody holds or waits for, jobs without one counting as one. For the leak check. */
  get keys(): number {
    return this.#keys.size;
  }

  /** @throws Error if the job waits already */
  add(jobId: JobId, { priority, concurrencyKey, concurrencyLimit, service }: QueueTerms): void {
    if (this.#waiting.has(jobId)) throw new Error(`job ${String(jobId)} is in the queue already`);
    const job = { jobId, priority, concurrencyKey, concurrencyLimit, isKept: isKept(service) };
    this.#waiting.set(jobId, job);
    this.#order.add(job);
    const { lanes } = this.#use(concurrencyKey);
    const lane: Lane = lanes.get(limitOf(job)) ?? new SortedArray(byTurn);
    lanes.set(limitOf(job), lane);
    const former = lane.first;
    lane.add(job);
    if (lane.first !== job || this.#isHeldBack(job)) return;
    if (former !== undefined) this.#ready.delete(former);
    this.#ready.add(job);
  }

  /** @returns whether it waited */
  delete(jobId: JobId): boolean {
    const job = this.#waiting.get(jobId);
    if (job === undefined) return false;
    this.#waiting.delete(jobId);
    this.#order.delete(job);
    const { lanes } = this.#use(job.concurrencyKey);
    const lane = lanes.get(limitOf(job));
    lane?.delete(job);
    if (this.#ready.delete(job) && lane?.first !== undefined) this.#ready.add(lane.first);
    if (lane?.size === 0) lanes.delete(limitOf(job));
    this.#forgetIfUnused(job.concurrencyKey);
    return true;
  }

  /** Takes out the job that goes now; `undefined` where none may. */
  take(): JobId | undefined {
    const next = this.#ready.first;
    if (next === undefined || this.#isClosed) return undefined;
    if (!next.isKept && this.#placesTaken >= this.#maxRunning) return undefined;
    this.delete(next.jobId);
    return next.jobId;
  }

  /**
   * Guard of an entry of the active map, and of the job's part of its key: both are free on return, throw and cancel alike.
   * @throws Error if the job is in the map
   */
  enter(jobId: JobId, key: string | null, service: JobSpec['service'] = null): Disposable {
    if (this.#active.has(jobId)) throw new Error(`job ${String(jobId)} is in the active map already`);
    const token = Symbol(`active job ${String(jobId)}`);
    this.#active.set(jobId, token);
    if (isKept(service)) this.#kept += 1;
    const { holders, lanes } = this.#use(key);
    holders.add(jobId);
    const closing = lanes.get(holders.size)?.first;
    if (closing !== undefined) this.#ready.delete(closing);
    return {
      [Symbol.dispose]: () => {
        if (this.#active.get(jobId) !== token) return;
        if (isKept(service)) this.#kept -= 1;
        this.#leave(jobId, key);
      },
    };
  }

  /** Where a job stands now; `undefined` where it does not wait. */
  placeOf(jobId: JobId): JobQueuePlace | undefined {
    const job = this.#waiting.get(jobId);
    if (job === undefined) return undefined;
    const position = this.#order.before(job) + 1;
    const { concurrencyKey: key, concurrencyLimit } = job;
    if (this.#isClosed) return waitsForServer(position);
    if (key !== null && this.#isHeldBack(job)) {
      return waitsForKey(position, key, concurrencyLimit, this.#use(key).holders);
    }
    const fullness = { active: this.#placesTaken, maxRunning: this.#maxRunning };
    return waitsForPlace(position, this.#ready.first === job, fullness);
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#isClosed = true;
  }

  get #placesTaken(): number {
    return this.active - this.#kept;
  }

  #leave(jobId: JobId, key: string | null): void {
    this.#active.delete(jobId);
    const { holders, lanes } = this.#use(key);
    const opening = lanes.get(holders.size)?.first;
    holders.delete(jobId);
    if (opening !== undefined) this.#ready.add(opening);
    this.#forgetIfUnused(key);
  }

  #isHeldBack(job: WaitingJob): boolean {
    return this.#use(job.concurrencyKey).holders.size >= limitOf(job);
  }

  #use(key: string | null): KeyUse {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const made: KeyUse = { holders: new Set(), lanes: new Map() };
    this.#keys.set(key, made);
    return made;
  }

  #forgetIfUnused(key: string | null): void {
    const { holders, lanes } = this.#use(key);
    if (holders.size + lanes.size === 0) this.#keys.delete(key);
  }
}

function byTurn(a: WaitingJob, b: WaitingJob): number {
  return Number(b.isKept) - Number(a.isKept) || b.priority - a.priority || a.jobId - b.jobId;
}

function isKept(service: JobSpec['service'] | undefined): boolean {
  return service?.run != null;
}

/** Without a key there is none. */
function limitOf({ concurrencyKey, concurrencyLimit }: WaitingJob): number {
  return concurrencyKey === null ? Infinity : concurrencyLimit;
}
