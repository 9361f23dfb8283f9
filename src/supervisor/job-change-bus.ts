import type { JobId } from '../domain/job-id.ts';

/**
 * Tells who waits for a job that its row has changed. A doorbell: it carries nothing, the row is the truth.
 *
 * Order: none needed. Slow reader: rings are conflated to one. Closing: the reader leaves when it has seen a final status.
 * Release: abort, return() and dispose detach synchronously, also while next() waits.
 */
export class JobChangeBus {
  readonly #subscriptions = new Map<JobId, Set<JobChangeSubscription>>();

  /** Called after a change of the job's row is committed. */
  notify(jobId: JobId): void {
    for (const subscription of this.#subscriptions.get(jobId) ?? []) subscription.ring();
  }

  /** Attaches now; the first `next()` resolves at once, later ones after the next change. */
  subscribe(jobId: JobId, options: { readonly signal?: AbortSignal } = {}): JobChangeSubscription {
    const subscription = new JobChangeSubscription(() => {
      this.#detach(jobId, subscription);
    }, options.signal);
    if (options.signal?.aborted !== true) {
      const siblings = this.#subscriptions.get(jobId) ?? new Set();
      this.#subscriptions.set(jobId, siblings.add(subscription));
    }
    return subscription;
  }

  /** For health, metrics and the leak check. */
  get subscribers(): number {
    let count = 0;
    for (const siblings of this.#subscriptions.values()) count += siblings.size;
    return count;
  }

  #detach(jobId: JobId, subscription: JobChangeSubscription): void {
    const siblings = this.#subscriptions.get(jobId);
    siblings?.delete(subscription);
    if (siblings?.size === 0) this.#subscriptions.delete(jobId);
  }
}

/** One reader's place at the bus. States: rung or silent, until it is released. */
export class JobChangeSubscription implements AsyncIterableIterator<undefined>, Disposable {
  readonly #onRelease: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => {
    this[Symbol.dispose]();
  };
  #rung = true;
  #released = false;
  #waiting: (() => void)[] = [];

  constructor(onRelease: () => void, signal: AbortSignal | undefined) {
    this.#onRelease = onRelease;
    this.#signal = signal;
    if (signal?.aborted === true) this.#released = true;
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** @internal for the bus */
  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  async next(): Promise<IteratorResult<undefined, undefined>> {
    while (!this.#released && !this.#rung) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#released) return { done: true, value: undefined };
    this.#rung = false;
    return { done: false, value: undefined };
  }

  return(): Promise<IteratorResult<undefined, undefined>> {
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
