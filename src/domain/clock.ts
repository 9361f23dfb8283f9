/** What time it is, and a call later. Injected, so that a year can be simulated. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  nowMs(): number;
  /** Milliseconds on a clock that nobody sets. */
  monotonicMs(): number;
  /** Calls `work` once, so many milliseconds of the monotonic clock from now; the guard takes it back. */
  after(delayMs: number, work: () => void): Disposable;
}
