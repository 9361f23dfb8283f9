import type { Clock } from '../../../src/domain/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly work: () => void;
}

/** A clock that goes when it is told to, from timer to timer. */
export class SimulatedClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers: Timer[] = [];
  #set = 0;

  constructor(start: string) {
    this.#wallMs = Date.parse(start);
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, work: () => void): Disposable {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), work };
    this.#set += 1;
    const index = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return {
      [Symbol.dispose]: () => {
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
      },
    };
  }

  /** Lets time pass. @param settle waits for what a timer has begun, where it has not just set the next one */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      const [timer] = this.#timers;
      if (timer === undefined || timer.atMs > endMs) break;
      this.#timers.shift();
      this.#pass(timer.atMs);
      const set = this.#set;
      timer.work();
      if (this.#set === set) await settle();
    }
    this.#pass(endMs);
  }

  /** Sets the wall clock, as an administrator does, or a machine that wakes. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  /** For the leak check. */
  get timers(): number {
    return this.#timers.length;
  }

  #pass(toMs: number): void {
    this.#wallMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }
}
