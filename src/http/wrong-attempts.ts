import { guesserOf } from './guesser-of.ts';
import { Refusal } from './refusal.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 4_000;
/** How many wrong attempts of one address may wait for their answer. */
const MOST_WAITING = 8;
/** How many of all addresses together. */
const MOST_WAITING_IN_ALL = 200;
/** From so many on, of whatever addresses, each waits longest: one guesser may have many. */
const CROWD = 32;
/** After so long without a wrong attempt an address begins anew. */
const FORGET_MS = 60_000;
/** How many addresses are remembered; beyond, those go first that have been quiet longest. */
const MOST_REMEMBERED = 10_000;

interface Attempts {
  failures: number;
  waiting: number;
  lastMs: number;
}

/**
 * Makes guessing slow, on every door: a wrong token or ticket is answered late, the later the more there were, and only a few may
 * wait at once, of one address and of all.
 *
 * Only what has turned out wrong comes here: a right token never waits for those who guess, from wherever they do.
 * Known gap: so whoever guesses with very many connections at once is told of a right one without delay. What keeps them
 * out is that a token has 256 random bits.
 */
export class WrongAttempts implements Disposable {
  /** Who has been quiet longest comes first. */
  readonly #byGuesser = new Map<string, Attempts>();
  /** Ends the waiting of each that waits. */
  readonly #waiting = new Set<() => void>();

  /**
   * Counts a wrong attempt and resolves when it may be answered. Its place stays taken until then, also where its client
   * has left: else leaving early would make guessing fast.
   * @throws Refusal 429, at once, where too many wait already
   */
  async answerLate(address: string): Promise<void> {
    const nowMs = performance.now();
    this.#forget(nowMs);
    const guesser = guesserOf(address);
    const attempts = this.#byGuesser.get(guesser) ?? { failures: 0, waiting: 0, lastMs: nowMs };
    if (attempts.waiting >= MOST_WAITING || this.#waiting.size >= MOST_WAITING_IN_ALL) throw tooMany();
    const isCrowded = this.#waiting.size >= CROWD;
    const delayMs = isCrowded ? LONGEST_DELAY_MS : FIRST_DELAY_MS * 2 ** attempts.failures;
    attempts.failures += 1;
    attempts.waiting += 1;
    attempts.lastMs = nowMs;
    this.#byGuesser.delete(guesser);
    this.#byGuesser.set(guesser, attempts);
    await this.#wait(Math.min(delayMs, LONGEST_DELAY_MS));
    attempts.waiting -= 1;
  }

  /** Whoever waits is answered now: there will be no server to guess at. */
  [Symbol.dispose](): void {
    for (const end of this.#waiting) end();
  }

  /** Of how many addresses something is remembered. */
  get remembered(): number {
    return this.#byGuesser.size;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, delayMs).unref();
      this.#waiting.add(end);
    });
  }

  #forget(nowMs: number): void {
    for (const [guesser, { lastMs, waiting }] of this.#byGuesser) {
      if (nowMs - lastMs < FORGET_MS && this.#byGuesser.size < MOST_REMEMBERED) return;
      if (waiting === 0) this.#byGuesser.delete(guesser);
    }
  }
}

function tooMany(): Refusal {
  return new Refusal(
    429,
    'LIMIT_EXCEEDED',
    `Too many wrong tokens at once: ${String(MOST_WAITING)} of one address may wait for their answer, and ${String(MOST_WAITING_IN_ALL)} in all. Try again in a few seconds.`,
    { 'Retry-After': String(LONGEST_DELAY_MS / 1000) },
  );
}
