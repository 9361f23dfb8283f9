import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';
import type { JobId } from '../domain/job-id.ts';
import {
  jobsToRemove,
  type KeptJobs,
  type RetentionRules,
  type ScopedRules,
  scopesOf,
} from '../domain/retention.ts';
import type { KeptTally } from '../storage/kept-tally.ts';
import type { OldJob, RetentionStore } from '../storage/retention-store.ts';

/** How many jobs are looked for at once. */
const JOBS_A_LOOK = 512;
/** How many of them go in one step: a millisecond of the event loop, and one transaction. */
const JOBS_A_STEP = 16;
/** The pause after a step, at the least; it is as long as the step was, so that writers have their turn. */
const PAUSE_MS = 20;
/** After an end of a job it is looked at so soon, and without one at the latest after `LOOK_AGAIN_MS`. */
const LOOK_SOON_MS = 10_000;
const LOOK_AGAIN_MS = 60_000;

export interface RetentionPorts {
  readonly store: Pick<RetentionStore, 'oldest' | 'kept' | 'pinned' | 'measureMissing'>;
  /** Borrowed. Takes those that may still go, and says which these were. */
  readonly remove: (jobIds: readonly JobId[]) => Promise<readonly JobId[]>;
  /** What the directory of a job takes on the disk. */
  readonly measure: (jobId: JobId) => Promise<number>;
  /** Those of the server, as they are now. */
  readonly rules: () => RetentionRules;
  readonly services: () => Iterable<{ readonly id: number; readonly retention: RetentionRules }>;
  /** Removes some of the entries of the audit log that are too many or too old. @returns how many */
  readonly trimAudit: (nowMs: number) => Promise<number>;
  readonly clock: Clock;
  readonly log: RetentionLog;
}

/** What retention tells whoever runs the server. */
export interface RetentionLog {
  /** Called once for each run that has removed something. */
  removed(facts: { readonly jobs: number; readonly bytes: number; readonly durationMs: number }): void;
  failure(error: unknown): void;
}

/** What retention has done since the start of the server, and what there was after its last run. */
export interface RetentionFigures {
  readonly removedJobs: number;
  readonly removedBytes: number;
  /** Milliseconds since the Unix epoch; `null` before the first run has ended. */
  readonly lastRunAtMs: number | null;
  /** Finished jobs that nobody has pinned. */
  readonly kept: KeptJobs;
  readonly pinned: KeptJobs;
}

const NOTHING: KeptJobs = { jobs: 0, bytes: 0 };

/**
 * Removes finished jobs that are over the bounds of the server or of their service, in small steps with pauses between them.
 *
 * States: made → `start`: a run at once, then one soon after jobs have ended and one a minute anyway → disposed: the step that
 * goes on is finished, and no more. Runs come one after the other. One that fails is tried again a minute later.
 */
export class Retention implements AsyncDisposable {
  readonly #ports: RetentionPorts;
  readonly #released = new AbortController();
  #figures: RetentionFigures = {
    removedJobs: 0,
    removedBytes: 0,
    lastRunAtMs: null,
    kept: NOTHING,
    pinned: NOTHING,
  };
  #timer: Disposable | undefined;
  #dueMs = 0;
  #running: Promise<void> | undefined;
  #isMeasured = false;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** Those of the server, as they are now. */
  get rules(): RetentionRules {
    return this.#ports.rules();
  }

  get figures(): RetentionFigures {
    return this.#figures;
  }

  start(): void {
    this.#arm(0);
  }

  /** Something may be over its bounds now: it is looked at soon. Cheap. */
  poke(): void {
    if (this.#running === undefined && this.#dueMs > performance.now() + LOOK_SOON_MS)
      this.#arm(LOOK_SOON_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.abort();
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #arm(delayMs: number): void {
    if (this.#released.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    this.#dueMs = performance.now() + delayMs;
    this.#timer = this.#ports.clock.after(delayMs, () => {
      this.#running = this.#run()
        .catch((error: unknown) => {
          if (!this.#released.signal.aborted) this.#ports.log.failure(error);
        })
        .finally(() => {
          this.#running = undefined;
          this.#arm(LOOK_AGAIN_MS);
        });
    });
  }

  async #run(): Promise<void> {
    const { store, rules, services, clock, log } = this.#ports;
    const { signal } = this.#released;
    const startedMs = performance.now();
    const before = this.#figures;
    if (!this.#isMeasured) await store.measureMissing((jobId) => this.#ports.measure(jobId), signal);
    this.#isMeasured = true;
    const kept = await store.kept(signal);
    try {
      for (const scoped of scopesOf(rules(), services())) await this.#apply(scoped, kept);
    } finally {
      const jobs = this.#figures.removedJobs - before.removedJobs;
      const bytes = this.#figures.removedBytes - before.removedBytes;
      const durationMs = Math.round(performance.now() - startedMs);
      if (jobs > 0) log.removed({ jobs, bytes, durationMs });
    }
    const pinned = await store.pinned();
    while (!signal.aborted && (await this.#ports.trimAudit(clock.nowMs())) > 0)
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    this.#figures = { ...this.#figures, lastRunAtMs: clock.nowMs(), kept: kept.total, pinned };
  }

  async #apply({ scope, rules }: ScopedRules, kept: KeptTally): Promise<void> {
    const { store, clock, remove } = this.#ports;
    const { signal } = this.#released;
    while (!signal.aborted) {
      const nowMs = clock.nowMs();
      const oldest = await store.oldest(scope, JOBS_A_LOOK, nowMs);
      const going = new Map(
        jobsToRemove(oldest, kept.of(scope), rules, nowMs).map((job) => [job.jobId, job] as const),
      );
      let hasRemoved = false;
      for (const step of stepsOf([...going.keys()])) {
        signal.throwIfAborted();
        const startedMs = performance.now();
        for (const jobId of await remove(step)) {
          this.#count(going.get(jobId), kept);
          hasRemoved = true;
        }
        const pauseMs = Math.max(PAUSE_MS, performance.now() - startedMs);
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
      // What is pinned meanwhile is seen by the next run as what it is.
      if (!hasRemoved || going.size < oldest.length) return;
    }
  }

  #count(job: OldJob | undefined, kept: KeptTally): void {
    if (job === undefined) return;
    const { serviceId, bytes } = job;
    kept.add(serviceId, -1, -bytes);
    const { removedJobs, removedBytes } = this.#figures;
    this.#figures = {
      ...this.#figures,
      removedJobs: removedJobs + 1,
      removedBytes: removedBytes + bytes,
    };
  }
}

function* stepsOf(jobIds: readonly JobId[]): Iterable<readonly JobId[]> {
  for (let from = 0; from < jobIds.length; from += JOBS_A_STEP) yield jobIds.slice(from, from + JOBS_A_STEP);
}
