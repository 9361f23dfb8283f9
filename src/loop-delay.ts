import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { LoopDelay } from './graphql/services.ts';

/** Between two looks. Each wakes an idle server: 20 a second cost 0.2 % of a core, 50 a second cost 0.4 %. */
const RESOLUTION_MS = 50;
const NANOSECONDS_PER_MS = 1e6;

export interface LoopDelayOptions {
  /** Milliseconds of the window, of which at least half is always full; 60,000 by default. */
  readonly windowMs?: number;
  /** Half a window is bad if one look in a hundred came later than this, in milliseconds; 100 by default. */
  readonly badMs?: number;
  /** Milliseconds between two times of telling; 600,000 by default. */
  readonly tellAgainMs?: number;
  /** Called when two halves in a row were bad. Must not throw. */
  readonly onBad: (delay: LoopDelay) => void;
}

/**
 * Measures how late this process comes to what is due: the delay of its event loop, over a window that moves on by halves,
 * so that a spike of long ago goes away. The guard stops measuring.
 *
 * Known gap: what held the loop for less than 50 ms between two looks is not seen each time.
 */
export class LoopDelayWatch implements Disposable {
  readonly #options: Required<LoopDelayOptions>;
  /** The first one began half a window before the other. Both look at the same moments, which costs no more than one. */
  #monitors: readonly [IntervalHistogram, IntervalHistogram];
  readonly #timer: NodeJS.Timeout;
  #wasBad = false;
  #quietUntilMs = 0;

  constructor(options: LoopDelayOptions) {
    this.#options = { windowMs: 60_000, badMs: 100, tellAgainMs: 600_000, ...options };
    const monitor = (): IntervalHistogram => monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#monitors = [monitor(), monitor()];
    for (const each of this.#monitors) each.enable();
    this.#timer = setInterval(this.#moveOn, this.#options.windowMs / 2).unref();
  }

  /** Of the last half to whole window; since the start where that was later. */
  read(): LoopDelay {
    return { ...delayOf(this.#monitors[0]), windowMs: this.#options.windowMs };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const monitor of this.#monitors) monitor.disable();
  }

  readonly #moveOn = (): void => {
    const [older, newer] = this.#monitors;
    const isBad = delayOf(newer).p99Ms > this.#options.badMs;
    const nowMs = performance.now();
    if (isBad && this.#wasBad && nowMs >= this.#quietUntilMs) {
      this.#quietUntilMs = nowMs + this.#options.tellAgainMs;
      this.#options.onBad(this.read());
    }
    this.#wasBad = isBad;
    older.reset();
    this.#monitors = [newer, older];
  };
}

/** A histogram holds the times between two looks: what is above the wanted pause was delay. */
function delayOf(looks: IntervalHistogram): Omit<LoopDelay, 'windowMs'> {
  const delayMs = (nanoseconds: number): number =>
    looks.count === 0
      ? 0
      : Math.max(0, Math.round((nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS) * 10) / 10);
  return {
    p50Ms: delayMs(looks.percentile(50)),
    p99Ms: delayMs(looks.percentile(99)),
    maxMs: delayMs(looks.max),
  };
}
