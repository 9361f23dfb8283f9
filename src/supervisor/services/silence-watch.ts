import type { LogSubscription } from '../../logs/log-subscription.ts';
import type { ProbedJob } from './probed-job.ts';

/** @param sinceMs since when there was no line, in milliseconds since the Unix epoch */
export type OnSilence = (isSilent: boolean, sinceMs: number) => void;

/**
 * Tells when a job has written no line for a time, and when it writes again.
 *
 * States: looking up the last line → counting ⇄ silent. While it counts, lines cost nothing: it looks at the end of its time
 * whether there were any. While it is silent the channel's bell wakes it. Nothing is decoded.
 */
export class SilenceWatch implements Disposable {
  readonly #job: ProbedJob;
  readonly #limitMs: number;
  readonly #onSilence: OnSilence;
  readonly #subscription: LogSubscription;
  #timer: Disposable | undefined;
  /** When the last line came, or the program started, on the monotonic clock. */
  #lastMs: number;
  #lastSeq: number;
  #isOver = false;

  constructor(job: ProbedJob, limitMs: number, onSilence: OnSilence) {
    this.#job = job;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
    this.#subscription = job.sources.bus.subscribe(job.jobId);
    this.#lastMs = job.startedMonotonicMs;
    this.#lastSeq = this.#subscription.lastSeq;
    void this.#begin();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
    this.#subscription[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    const atMs = await this.#lastLineAtMs();
    if (this.#isOver) return;
    if (atMs !== null) this.#heard(atMs);
    this.#count();
  }

  /** `null` where there is none, or where it cannot be read. */
  async #lastLineAtMs(): Promise<number | null> {
    try {
      using reader = await this.#job.sources.openReader(this.#job.jobId);
      return await reader.lastLineAtMs();
    } catch {
      return null;
    }
  }

  #count(): void {
    const { clock } = this.#job;
    const restMs = Math.max(0, this.#lastMs + this.#limitMs - clock.monotonicMs());
    this.#timer = clock.after(restMs, () => {
      this.#look();
    });
  }

  #look(): void {
    const { clock } = this.#job;
    if (this.#subscription.ended) return;
    const { lastSeq } = this.#subscription;
    if (lastSeq > this.#lastSeq) {
      this.#lastSeq = lastSeq;
      this.#heard(this.#subscription.recent(lastSeq - 1).at(-1)?.atMs ?? clock.nowMs());
      if (clock.monotonicMs() - this.#lastMs < this.#limitMs) {
        this.#count();
        return;
      }
    }
    this.#onSilence(true, this.#sinceMs());
    void this.#untilHeard();
  }

  async #untilHeard(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#subscription.next();
      if (done === true || this.#subscription.ended) return;
      if (value.lastSeq <= this.#lastSeq) continue; // From before the silence.
      const sinceMs = this.#sinceMs();
      this.#lastSeq = value.lastSeq;
      this.#lastMs = this.#job.clock.monotonicMs();
      this.#count();
      this.#onSilence(false, sinceMs);
      return;
    }
  }

  /** A line came at this time of the wall clock. That may have jumped: it was not before the last one, nor is it to come. */
  #heard(atMs: number): void {
    const { clock } = this.#job;
    const nowMs = clock.monotonicMs();
    this.#lastMs = Math.min(nowMs, Math.max(this.#lastMs, nowMs - (clock.nowMs() - atMs)));
  }

  #sinceMs(): number {
    const { clock } = this.#job;
    return clock.nowMs() - (clock.monotonicMs() - this.#lastMs);
  }
}
