import { LongTimer } from './long-timer.ts';

/** When the program of a job started, on two clocks: people read the wall clock, timeouts run on one that nobody sets. */
export class StartTime {
  #atMs: number | null = null;
  #monotonicMs = 0;

  /** Milliseconds since the Unix epoch; `null` before. */
  get atMs(): number | null {
    return this.#atMs;
  }

  /** It starts now. @returns milliseconds since the Unix epoch */
  set(): number {
    this.#atMs = Date.now();
    this.#monotonicMs = performance.now();
    return this.#atMs;
  }

  /**
   * What is known of a start under a former server.
   * @param atMs `null` where it was not stored
   * @param monotonicMs on the clock of `performance.now()`
   */
  resume(atMs: number | null, monotonicMs: number): void {
    this.#atMs = atMs;
    this.#monotonicMs = monotonicMs;
  }

  /** For a start that was not stored, but has been. @returns milliseconds since the Unix epoch */
  infer(): number {
    this.#atMs ??= Math.round(Date.now() - (performance.now() - this.#monotonicMs));
    return this.#atMs;
  }

  /** Calls back so many milliseconds after the start, unless its guard is disposed before. */
  timer(afterMs: number, callback: () => void): Disposable {
    return new LongTimer(this.#monotonicMs + afterMs - performance.now(), callback);
  }
}
