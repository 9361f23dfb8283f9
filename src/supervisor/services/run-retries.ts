import { retryDelayMs } from '../../domain/retry-delay.ts';
import type { Clock } from '../../domain/clock.ts';
import { DiskLowError, LifelineError, ServerStoppingError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import type { RestartRules } from '../../domain/service-definition.ts';
import { isFailure, type EndedRun, type RetryStore, type WaitingRetry } from '../../storage/retry-store.ts';

/** The pause before what failed (a full disk) is tried again. */
const PAUSE_MS = 5_000;

export interface RunRetriesPorts {
  readonly store: Pick<
    RetryStore,
    'undecided' | 'waiting' | 'isWaiting' | 'decide' | 'settle' | 'drop' | 'retryOf'
  >;
  readonly clock: Clock;
  /** Gives numbers from 0 to 1. */
  readonly random: () => number;
  /** By which rules a run is tried again: those of the version that it ran; `null` where it is gone with its service. */
  readonly rulesOf: (run: EndedRun) => Promise<RestartRules | null>;
  /**
   * The same once more, as a job with the trigger RETRY, that attempt, and `rerunOfId`: the database takes one for each.
   * @throws LifelineError, ServerStoppingError among them
   */
  readonly startRetry: (jobId: JobId, attempt: number) => Promise<JobId>;
  readonly failure: (jobId: JobId, what: string, error: unknown) => void;
}

/**
 * Tries runs of services that have failed again: those on demand and by schedule. (A service that is kept up has its own
 * rules.) ALWAYS means the same as ON_FAILURE here; a run that was cancelled is never tried again.
 *
 * States of a run: ended → decided, in one write, with a time or without → its timer → its retry is a job → settled.
 * After kill -9 `resume` goes on from the rows; the time is kept, or is now where it has passed. A run is retried once at
 * the most, since the database takes one retry of each job.
 */
export class RunRetries implements AsyncDisposable {
  readonly #ports: RunRetriesPorts;
  /** Of each run that waits for its time, or, without a service, for a decision that could not be stored. */
  readonly #timers = new Map<JobId, { readonly serviceId: number | null; readonly timer: Disposable }>();
  readonly #work = new Set<Promise<void>>();
  #isReleased = false;

  constructor(ports: RunRetriesPorts) {
    this.#ports = ports;
  }

  /** Goes on with what a former server had decided, or had not come to. Called once, when jobs can be started. */
  async resume(): Promise<void> {
    for (const retry of await this.#ports.store.waiting()) {
      const isMade = (await this.#ports.store.retryOf(retry.jobId)) !== null;
      if (isMade) await this.#ports.store.settle(retry.jobId);
      else this.#arm(retry, retry.retryAtMs - this.#ports.clock.nowMs());
    }
    for (const run of await this.#ports.store.undecided()) await this.#decide(run);
  }

  /** Called when the end of a job is stored, whichever job it is. */
  runEnded(jobId: JobId): void {
    this.#begin(jobId, async () => {
      for (const run of await this.#ports.store.undecided(jobId)) await this.#decide(run);
    });
  }

  /**
   * Nothing of the service that has ended by now is tried again, and nothing of it is under way when this has resolved.
   * To be called before the runs of a service that is stopped are cancelled, and once more when they have ended: one may
   * have failed by itself meanwhile.
   */
  async drop(serviceId: number): Promise<void> {
    await this.#ports.store.drop(serviceId);
    for (const [jobId, armed] of this.#timers) {
      if (armed.serviceId !== serviceId) continue;
      armed.timer[Symbol.dispose]();
      this.#timers.delete(jobId);
    }
    await Promise.all(this.#work);
  }

  /** For health, metrics and the leak check. */
  get size(): number {
    return this.#timers.size;
  }

  /** What waits goes on waiting for the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isReleased = true;
    for (const { timer } of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
    await Promise.all(this.#work);
  }

  async #decide(run: EndedRun): Promise<void> {
    const { store, clock, random, rulesOf } = this.#ports;
    const rules = isFailure(run.status) ? await rulesOf(run) : null;
    const isRetried = rules !== null && rules.policy !== 'NEVER' && run.attempt < rules.maxFailures;
    const delayMs = isRetried ? retryDelayMs(rules, run.attempt, random()) : null;
    const retryAtMs = delayMs === null ? null : clock.nowMs() + delayMs;
    const isMine = await store.decide(run.jobId, retryAtMs);
    if (isMine && delayMs !== null && retryAtMs !== null) this.#arm({ ...run, retryAtMs }, delayMs);
  }

  #arm(retry: WaitingRetry, delayMs: number): void {
    if (this.#isReleased) return;
    const { jobId, serviceId } = retry;
    this.#after(delayMs, jobId, serviceId, () => {
      this.#begin(jobId, () => this.#retry(retry));
    });
  }

  #after(delayMs: number, jobId: JobId, serviceId: number | null, work: () => void): void {
    const timer = this.#ports.clock.after(Math.max(0, delayMs), () => {
      this.#timers.delete(jobId);
      work();
    });
    this.#timers.set(jobId, { serviceId, timer });
  }

  async #retry(retry: WaitingRetry): Promise<void> {
    const { jobId, attempt } = retry;
    const { store, startRetry, failure } = this.#ports;
    try {
      // A drop that came meanwhile has taken its time from it; a try that failed half-way may have made the job.
      if (!(await store.isWaiting(jobId))) return;
      if ((await store.retryOf(jobId)) === null) await startRetry(jobId, attempt + 1);
    } catch (error) {
      if (error instanceof ServerStoppingError) return;
      failure(jobId, 'it could not be tried again', error);
      if (!(error instanceof LifelineError) || error instanceof DiskLowError) {
        this.#arm(retry, PAUSE_MS);
        return;
      }
    }
    await store.settle(jobId);
  }

  #begin(jobId: JobId, work: () => Promise<void>): void {
    if (this.#isReleased) return;
    const done = work()
      .catch((error: unknown) => {
        this.#ports.failure(jobId, 'whether it is tried again could not be stored', error);
        if (!this.#isReleased)
          this.#after(PAUSE_MS, jobId, null, () => {
            this.runEnded(jobId);
          });
      })
      .finally(() => this.#work.delete(done));
    this.#work.add(done);
  }
}
