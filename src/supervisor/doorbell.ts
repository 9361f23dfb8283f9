/** Wakes the one who waits. A ring while nobody waits is kept for the next wait; several are one. */
export class Doorbell {
  #rung = false;
  #answer: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#answer?.();
  }

  /** Resolves at the next ring, after `limitMs` (none: never by itself), or when the signal aborts. One waiter at a time. */
  async wait(signal: AbortSignal, limitMs?: number): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs);
        const onAbort = (): void => {
          this.#answer?.();
        };
        signal.addEventListener('abort', onAbort, { once: true });
        this.#answer = () => {
          resolve();
        };
        this.#undo = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        };
      });
      this.#undo?.();
      this.#undo = undefined;
      this.#answer = undefined;
    }
    this.#rung = false;
  }

  #undo: (() => void) | undefined;
}
