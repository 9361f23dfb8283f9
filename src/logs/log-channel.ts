import type { LogBatch } from './log-batch.ts';

/** How much of a job's newest log is kept in memory; whichever is reached first. The newest batch is always kept. */
export interface RingLimits {
  readonly maxBatches: number;
  readonly maxBytes: number;
}

/** Whoever is told of news. Must not throw and must not run foreign code. */
export interface ChannelListener {
  wake(): void;
}

/**
 * One job's channel: open, then closed, never open again. A ring of the newest batches, consecutive in seq, and the
 * set of those to wake. A closed channel keeps its ring for as long as a reader still drains it.
 */
export class LogChannel {
  readonly #limits: RingLimits;
  readonly #listeners = new Set<ChannelListener>();
  #ring: LogBatch[] = [];
  #ringBytes = 0;
  #lastSeq: number;
  #closed = false;

  constructor(lastSeq: number, limits: RingLimits) {
    this.#lastSeq = lastSeq;
    this.#limits = limits;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get subscriberCount(): number {
    return this.#listeners.size;
  }

  attach(listener: ChannelListener): void {
    this.#listeners.add(listener);
  }

  detach(listener: ChannelListener): void {
    this.#listeners.delete(listener);
  }

  publish(batch: LogBatch): void {
    if (this.#closed) return;
    // Numbers may jump (a log that lost its tail); readers learn of that from the files, so the ring starts anew.
    if (batch.firstSeq !== this.#lastSeq + 1) this.#clearRing();
    this.#ring.push(batch);
    this.#ringBytes += batch.byteLength;
    this.#lastSeq = batch.lastSeq;
    this.#trimRing();
    this.#wakeAll();
  }

  advanceTo(seq: number): void {
    if (this.#closed || seq <= this.#lastSeq) return;
    this.#clearRing();
    this.#lastSeq = seq;
    this.#wakeAll();
  }

  /** Batches of the ring with lines behind `seq`, the first one cut; they may begin later than `seq + 1`. */
  newerThan(seq: number): readonly LogBatch[] {
    const start = this.#ring.findIndex((batch) => batch.lastSeq > seq);
    if (start === -1) return [];
    return this.#ring.slice(start).map((batch) => batch.after(seq));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.wake();
  }

  #wakeAll(): void {
    for (const listener of this.#listeners) listener.wake();
  }

  #trimRing(): void {
    while (
      this.#ring.length > 1 &&
      (this.#ring.length > this.#limits.maxBatches || this.#ringBytes > this.#limits.maxBytes)
    ) {
      this.#ringBytes -= this.#ring.shift()?.byteLength ?? 0;
    }
  }

  #clearRing(): void {
    this.#ring = [];
    this.#ringBytes = 0;
  }
}
