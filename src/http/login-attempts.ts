import { Refusal } from './refusal.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** How many wrong attempts of one address may wait for their answer. */
const MOST_WAITING = 8;
/** After so long without a wrong attempt an address begins anew. */
const FORGET_MS = 60_000;

interface Attempts {
  failures: number;
  waiting: number;
  forget: NodeJS.Timeout | undefined;
}

/**
 * Makes guessing slow: a wrong attempt is answered late, the later the more there were, and only a few of one address may
 * wait at once; more are not even looked at. Nobody is locked out for longer than a wrong answer takes.
 */
export class LoginAttempts {
  readonly #byAddress = new Map<string, Attempts>();

  /** To be called in the same turn in which the attempt is looked at, before that. @throws Refusal 429 */
  admit(address: string): void {
    if ((this.#byAddress.get(address)?.waiting ?? 0) < MOST_WAITING) return;
    throw new Refusal(429, 'LIMIT_EXCEEDED', 'Too many wrong tokens at once. Try again in a few seconds.', {
      'Retry-After': String(LONGEST_DELAY_MS / 1000),
    });
  }

  /**
   * Counts a wrong attempt and resolves when it may be answered, or as soon as its client leaves: but its place stays
   * taken until the time is over, or leaving early would make guessing fast.
   */
  async fail(address: string, signal: AbortSignal): Promise<void> {
    const attempts = this.#byAddress.get(address) ?? { failures: 0, waiting: 0, forget: undefined };
    this.#byAddress.set(address, attempts);
    clearTimeout(attempts.forget);
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** attempts.failures, LONGEST_DELAY_MS);
    attempts.failures += 1;
    attempts.waiting += 1;
    await new Promise<void>((resolve) => {
      const leave = (): void => {
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      setTimeout(() => {
        signal.removeEventListener('abort', leave);
        attempts.waiting -= 1;
        if (attempts.waiting === 0) this.#forgetLater(address, attempts);
        resolve();
      }, delayMs).unref();
    });
  }

  #forgetLater(address: string, attempts: Attempts): void {
    attempts.forget = setTimeout(() => this.#byAddress.delete(address), FORGET_MS).unref();
  }
}
