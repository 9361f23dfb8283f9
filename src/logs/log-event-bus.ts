import type { JobId } from '../domain/job-id.ts';
import { ChannelAlreadyOpenError } from './errors.ts';
import type { LogBatch } from './log-batch.ts';
import { LogChannel, type RingLimits } from './log-channel.ts';
import { LogSubscription } from './log-subscription.ts';

/**
 * Live fan-out of one job's log. Memory only; the durable copy is the job's log files.
 *
 * Order: each reader sees batches in publish order.   No reader: publish costs one ring slot.
 * Slow reader: never waited for, never buffered for; it reads what it missed from the files.
 * Closing: disposing the guard wakes every reader, which drains the log and ends with the final state.
 * Release: abort, return() and dispose detach a reader synchronously, also while next() waits.
 * Wake-up: publishing settles promises and runs no code of a reader, so that none can harm another or the publisher.
 */
export class LogEventBus {
  readonly #channels = new Map<JobId, LogChannel>();
  readonly #ringLimits: RingLimits;

  /** @param options How much of each job's newest log is kept for readers at the head: 64 batches and 256 KiB. */
  constructor(options: Partial<RingLimits> = {}) {
    this.#ringLimits = { maxBatches: options.maxBatches ?? 64, maxBytes: options.maxBytes ?? 256 * 1024 };
  }

  /**
   * Opens the channel before the job becomes visible. The caller owns the guard.
   * @param options.lastSeq The highest seq that the log has already; 0 for a new job.
   * @throws ChannelAlreadyOpenError
   */
  open(jobId: JobId, options: { readonly lastSeq?: number } = {}): ChannelGuard {
    if (this.#channels.has(jobId)) throw new ChannelAlreadyOpenError(jobId);
    const channel = new LogChannel(options.lastSeq ?? 0, this.#ringLimits);
    this.#channels.set(jobId, channel);
    return new ChannelGuard(jobId, channel, () => {
      // The channel itself is the token: a guard that comes late finds another one here and leaves it alone.
      if (this.#channels.get(jobId) === channel) this.#channels.delete(jobId);
    });
  }

  /**
   * Attaches now, not at the first next(). Without an open channel, or with an aborted signal, the subscription ends at
   * once. The caller owns it; it releases itself when the signal aborts and when the channel closes.
   * @param options.after News is what comes after this seq; by default after the channel's last.
   */
  subscribe(
    jobId: JobId,
    options: { readonly after?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): LogSubscription {
    return new LogSubscription(this.#channels.get(jobId), options.after, options.signal);
  }

  isOpen(jobId: JobId): boolean {
    return this.#channels.has(jobId);
  }

  subscriberCount(jobId: JobId): number {
    return this.#channels.get(jobId)?.subscriberCount ?? 0;
  }

  /** Over all channels. */
  get subscribers(): number {
    let count = 0;
    for (const channel of this.#channels.values()) count += channel.subscriberCount;
    return count;
  }

  /** Open channels. For health, metrics and the leak check. */
  get size(): number {
    return this.#channels.size;
  }
}

/** Holds one job's channel open. Disposing closes it, once, and gives every reader its end. */
export class ChannelGuard implements Disposable {
  readonly jobId: JobId;
  readonly #channel: LogChannel;
  readonly #onClose: () => void;

  /** Made by `LogEventBus.open`. */
  constructor(jobId: JobId, channel: LogChannel, onClose: () => void) {
    this.jobId = jobId;
    this.#channel = channel;
    this.#onClose = onClose;
  }

  /** The highest seq published, or given at the opening. */
  get lastSeq(): number {
    return this.#channel.lastSeq;
  }

  /** Tells the readers. The batch must be in the index already. After the closing this does nothing. */
  publish(batch: LogBatch): void {
    this.#channel.publish(batch);
  }

  /** Tells the readers that the files have lines up to `seq`, without bringing them: the log of an adopted job. */
  advanceTo(seq: number): void {
    this.#channel.advanceTo(seq);
  }

  [Symbol.dispose](): void {
    this.#onClose();
    this.#channel.close();
  }
}
