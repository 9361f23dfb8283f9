import { setImmediate } from 'node:timers/promises';
import type { JobTree } from './job-tree.ts';
import type { ProcessTable } from './process-table.ts';

/** The shortest time between two looks. */
const PERIOD_MS = 1_000;
/** Looking takes at most one part in so many of the time, however many processes there are. */
const COST_DIVISOR = 20;
/** How many trees are looked at before the event loop gets its turn. */
const SLICE = 50;

/**
 * Keeps the parent-child closure of jobs that nothing holds together: one shared look at /proc for all of them, again and
 * again, so that a process which leaves session, group and environment is known by the parent that it still had.
 * Known gap: one that leaves all of them, and whose parent ends, between two looks.
 */
export class FamilyWatch implements Disposable {
  readonly #table: ProcessTable;
  readonly #trees = new Set<JobTree>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /** Guard: the tree is looked after until it is disposed. */
  add(tree: JobTree): Disposable {
    this.#trees.add(tree);
    if (!this.#isLooking) this.#arm(PERIOD_MS);
    return {
      [Symbol.dispose]: () => {
        this.#trees.delete(tree);
        if (this.#trees.size === 0) this[Symbol.dispose]();
      },
    };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(periodMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, periodMs);
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const beganMs = performance.now();
    try {
      const snapshot = await this.#table.scan();
      let looked = 0;
      for (const tree of this.#trees) {
        tree.members(snapshot);
        if (++looked % SLICE === 0) await setImmediate();
      }
    } catch {
      // /proc could not be listed, for want of descriptors: the next look may.
    } finally {
      this.#isLooking = false;
      if (this.#trees.size > 0) this.#arm(Math.max(PERIOD_MS, (performance.now() - beganMs) * COST_DIVISOR));
    }
  }
}
