import type { Clock } from '../../../src/domain/clock.ts';

interface Call {
  readonly atMs: number;
  readonly work: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #wallMs = 1_700_000_000_000;
  readonly #calls = new Set<Call>();

  nowMs(): number {
    return this.#wallMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, work: () => void): Disposable {
    const call: Call = { atMs: this.#nowMs + Math.max(0, delayMs), work };
    this.#calls.add(call);
    return { [Symbol.dispose]: () => void this.#calls.delete(call) };
  }

  /** How many calls are to come. */
  get pending(): number {
    return this.#calls.size;
  }

  /** When the next one is due, from now; `undefined` where there is none. */
  get nextMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.atMs - this.#nowMs;
  }

  /** Moves on by so much, and makes the calls that are due on the way, each at its time. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#next(); next !== undefined && next.atMs <= endMs; next = this.#next()) {
      this.#nowMs = next.atMs;
      this.#calls.delete(next);
      next.work();
    }
    this.#nowMs = endMs;
  }

  #next(): Call | undefined {
    return [...this.#calls].sort((a, b) => a.atMs - b.atMs)[0];
  }
}
