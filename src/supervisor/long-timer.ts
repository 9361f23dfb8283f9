/** The longest delay of one timer in Node: 2^31 - 1 ms, about 24 days. */
const LONGEST_MS = 2_147_483_647;

/** Guard of a timer of any length on the monotonic clock: a wall clock that jumps does not move it. */
export class LongTimer implements Disposable {
  #timer: NodeJS.Timeout | undefined;

  /** Calls `onTime` once, `delayMs` from now (at once if that is past). */
  constructor(delayMs: number, onTime: () => void) {
    const endMs = performance.now() + delayMs;
    const arm = (): void => {
      const restMs = Math.max(0, endMs - performance.now());
      this.#timer = setTimeout(restMs > LONGEST_MS ? arm : onTime, Math.min(restMs, LONGEST_MS));
    };
    arm();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
