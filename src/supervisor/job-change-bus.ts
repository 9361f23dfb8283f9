import type { JobId } from '../domain/job-id.ts';

/** Beyond this many changes that a reader has not taken, it is told to look at everything. */
const MAX_NAMED = 5_000;

/**
 * Which jobs changed since the reader last asked, each once; `'ANY'` at first, and where they are too many to name:
 * look at everything that is of interest.
 */
export type JobChanges = ReadonlySet<JobId> | 'ANY';

/**
 * Tells who waits for a job, or for all of them, that a row has changed. A doorbell: the row is the truth.
 *
 * Order: none needed. Slow reader: its changes are conflated, and bounded. Closing: the reader leaves when it has seen
 * enough. Release: abort, return() and dispose detach synchronously, also while next() waits.
 */
export class JobChangeBus {
  readonly #ofOneJob = new Map<JobId, Set<JobChangeSubscription>>();
  readonly #ofAllJobs = new Set<JobChangeSubscription>();
  readonly #listeners = new Set<(jobId: JobId) => void>();

  /** Called after a change of the job's row, or its removal, is committed. */
  notify(jobId: JobId): void {
    for (const subscription of this.#ofOneJob.get(jobId) ?? []) subscription.ring(jobId);
    for (const subscription of this.#ofAllJobs) subscription.ring(jobId);
    for (const listener of this.#listeners) listener(jobId);
  }

  /** For parts of the server itself, which are no readers: `listener` is called with each change, and must not throw. */
  listen(listener: (jobId: JobId) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Attaches now; the first `next()` resolves at once, later ones after the next change. */
  subscribe(jobId: JobId, options: { readonly signal?: AbortSignal } = {}): JobChangeSubscription {
    const siblings = this.#ofOneJob.get(jobId) ?? new Set();
    this.#ofOneJob.set(jobId, siblings);
    const subscription = attach(siblings, options.signal, () => {
      if (siblings.size === 0 && this.#ofOneJob.get(jobId) === siblings) this.#ofOneJob.delete(jobId);
    });
    return subscription;
  }

  /** As `subscribe`, for every job, also those that do not exist yet. */
  subscribeToAll(options: { readonly signal?: AbortSignal } = {}): JobChangeSubscription {
    return attach(this.#ofAllJobs, options.signal, () => undefined);
  }

  /** For health, metrics and the leak check. */
  get subscribers(): number {
    let count = this.#ofAllJobs.size;
    for (const siblings of this.#ofOneJob.values()) count += siblings.size;
    return count;
  }
}

function attach(
  siblings: Set<JobChangeSubscription>,
  signal: AbortSignal | undefined,
  onDetached: () => void,
): JobChangeSubscription {
  const subscription = new JobChangeSubscription(() => {
    siblings.delete(subscription);
    onDetached();
  }, signal);
  if (signal?.aborted === true) onDetached();
  else siblings.add(subscription);
  return subscription;
}

/** One reader's place at the bus. States: rung or silent, until it is released. */
export class JobChangeSubscription
  implements AsyncIterableIterator<JobChanges, undefined, undefined>, Disposable
{
  readonly #onRelease: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => {
    this[Symbol.dispose]();
  };
  #changed: Set<JobId> | 'ANY' = 'ANY';
  #released = false;
  #waiting: (() => void)[] = [];

  /** Made by the bus. */
  constructor(onRelease: () => void, signal: AbortSignal | undefined) {
    this.#onRelease = onRelease;
    this.#signal = signal;
    if (signal?.aborted === true) this.#released = true;
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** For the bus. */
  ring(jobId: JobId): void {
    if (this.#changed !== 'ANY') {
      if (this.#changed.size < MAX_NAMED) this.#changed.add(jobId);
      else this.#changed = 'ANY';
    }
    this.#wake();
  }

  async next(): Promise<IteratorResult<JobChanges, undefined>> {
    while (!this.#released && this.#changed !== 'ANY' && this.#changed.size === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#released) return { done: true, value: undefined };
    const value = this.#changed;
    this.#changed = new Set();
    return { done: false, value };
  }

  return(): Promise<IteratorResult<JobChanges, undefined>> {
    this[Symbol.dispose]();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#onRelease();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
