import { LimitExceededError } from '../domain/errors.ts';

const MINUTE_MS = 60_000;

/**
 * How fast each token starts jobs: a bucket for each that holds as many starts as a minute may have, and fills evenly. So a
 * quiet token can start so many at once.
 *
 * Kept as the moment at which the bucket is full again (GCRA, ITU-T I.371): a full one is no entry.
 */
export class StartRate {
  readonly #mostPerMinute: number;
  readonly #now: () => number;
  /** Who started something last comes last. */
  readonly #fullAtMs = new Map<number | null, number>();

  /** @param now a clock in milliseconds. Default: the monotonic one */
  constructor(mostPerMinute: number, now: () => number = () => performance.now()) {
    this.#mostPerMinute = mostPerMinute;
    this.#now = now;
  }

  /** Takes one start of a token, `null` for the server's own. @throws LimitExceededError; then nothing was taken */
  spend(tokenId: number | null): void {
    const nowMs = this.#now();
    const perStartMs = MINUTE_MS / this.#mostPerMinute;
    const fullAtMs = Math.max(this.#fullAtMs.get(tokenId) ?? 0, nowMs) + perStartMs;
    const tooEarlyMs = fullAtMs - nowMs - MINUTE_MS;
    // Sums of fractions are not exact.
    if (tooEarlyMs > perStartMs / 1_000) {
      throw new LimitExceededError(
        `This token starts more than ${String(this.#mostPerMinute)} jobs a minute, the most that --max-starts-per-minute allows. Try again in ${String(Math.ceil(tooEarlyMs / 1_000))} s.`,
      );
    }
    this.#fullAtMs.delete(tokenId);
    this.#fullAtMs.set(tokenId, fullAtMs);
    this.#forgetFull(nowMs);
  }

  #forgetFull(nowMs: number): void {
    for (const [tokenId, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > nowMs) return;
      this.#fullAtMs.delete(tokenId);
    }
  }
}
