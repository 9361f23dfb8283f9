import { setImmediate } from 'node:timers/promises';

/** How long work of ours may hold the event loop, in milliseconds. */
const SLICE_MS = 10;

/** Cuts long work into slices, so that requests and readers have their turn in between. */
export class Breather {
  #sinceMs = performance.now();

  /** Between two pieces of the work: gives way if the slice is over. */
  async pause(): Promise<void> {
    if (performance.now() - this.#sinceMs < SLICE_MS) return;
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
