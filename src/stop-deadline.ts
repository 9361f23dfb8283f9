import { LongTimer } from './supervisor/long-timer.ts';

/**
 * Ends the process where its release takes too long: jobs go on, and the next start does what this stop could not, as
 * after any other death. A guard: disposal means that everything has let go in time.
 */
export class StopDeadline implements Disposable {
  #timer: LongTimer | undefined;

  /** @param onPassed called just before the process ends, with exit code 1 */
  start(limitMs: number, onPassed: () => void): void {
    this.#timer = new LongTimer(limitMs, () => {
      onPassed();
      // eslint-disable-next-line no-restricted-properties -- what would release in order is what does not come to its end
      process.exit(1);
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
