const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/**
 * How long to wait before the next try: a random part of a bound that doubles from 100 ms to 5 s (full jitter), so that
 * many readers of a server that comes back do not come back at the same instant.
 */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random gives numbers from 0 to 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Counts a failure and gives the milliseconds to wait. */
  nextDelayMs(): number {
    const boundMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    return this.#random() * boundMs;
  }

  /** Something arrived: the next failure is the first again. */
  reset(): void {
    this.#failures = 0;
  }
}

/** Resolves after `delayMs`, or at once when the signal aborts; leaves neither timer nor listener behind. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener('abort', finish);
  });
}
