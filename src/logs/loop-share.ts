import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** How long those with much to do may keep one turn of the event loop, together. */
const TURN_MS = 5;
/** The most that wait and are let go in one turn: more would be no bound. */
const MOST_AT_ONCE = 1_024;
/** Milliseconds from one turn of a busy tailer to the next, while the loop has time and while it has none. */
const REST_MS = { idle: 4, busy: 24 } as const;
/** What nobody rests beyond. */
export const MAX_REST_MS = REST_MS.busy;
/** From which share of its time the event loop counts as busy, and where it has none to spare. */
const UTILIZATION = { busy: 0.5, full: 0.9 } as const;
const MEASURE_MS = 100;

/**
 * Divides the turns of the event loop among those who have much to do, so that nobody else waits for them: tailers of jobs
 * that flood. One for all of a server. Not for followers: one that waits falls behind the head, where work is shared, and
 * reads the files alone, which cost four times as much with twenty of them.
 *
 * Order: first come, first served, so that they take turns. Whoever has little to do does not come here.
 * Bound: some 5 ms of each turn of the loop; in between, sockets, requests and small work have theirs. How many go at once
 * is found by trying: twice as many after a short turn, half as many after a long one.
 */
export class LoopShare {
  readonly #waiting: (() => void)[] = [];
  #turn: NodeJS.Immediate | undefined;
  #turnBeganAtMs = 0;
  /** How many may go in one turn, and how many went in the last one. */
  #atOnce = 1;
  #wentLast = 0;
  #restMs: number = REST_MS.idle;
  #measured: EventLoopUtilization = performance.eventLoopUtilization();
  #measureAtMs = 0;

  /** Does the work in one of the next turns of the loop. It must not throw. */
  enqueue(work: () => void): void {
    this.#waiting.push(work);
    this.#turn ??= setImmediate(this.#takeTurn);
  }

  /**
   * Milliseconds that one who works often should let pass from one time to the next: what comes meanwhile is done together.
   * A few, and more while the loop has no time to spare.
   */
  get restMs(): number {
    const nowMs = performance.now();
    if (nowMs < this.#measureAtMs) return this.#restMs;
    this.#measureAtMs = nowMs + MEASURE_MS;
    const measured = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(measured, this.#measured);
    this.#measured = measured;
    const want = (utilization - UTILIZATION.busy) / (UTILIZATION.full - UTILIZATION.busy);
    const restMs = REST_MS.idle + (REST_MS.busy - REST_MS.idle) * Math.min(1, Math.max(0, want));
    this.#restMs = (this.#restMs + restMs) / 2;
    return this.#restMs;
  }

  readonly #takeTurn = (): void => {
    this.#turn = undefined;
    const nowMs = performance.now();
    const wasLong = nowMs - this.#turnBeganAtMs > TURN_MS;
    if (wasLong) this.#atOnce = Math.max(1, this.#atOnce >> 1);
    else if (this.#wentLast === this.#atOnce) this.#atOnce = Math.min(MOST_AT_ONCE, this.#atOnce * 2);
    this.#turnBeganAtMs = nowMs;
    this.#wentLast = 0;
    // Looks at how long they took, and lets the others go.
    if (this.#waiting.length > 0) this.#turn = setImmediate(this.#takeTurn);
    // Who comes back in this turn waits for the next: its readers have theirs in between.
    const most = Math.min(this.#atOnce, this.#waiting.length);
    while (this.#wentLast < most && performance.now() - nowMs < TURN_MS) {
      const go = this.#waiting.shift();
      if (go === undefined) return;
      this.#wentLast++;
      go();
    }
  };
}
