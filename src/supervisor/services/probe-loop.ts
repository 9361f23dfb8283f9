import type { Clock } from '../../domain/clock.ts';
import type { ProbeResult } from './probed-job.ts';

export interface ProbeLoopOptions {
  readonly clock: Clock;
  /** Milliseconds from now to the first try. */
  readonly firstDelayMs: number;
  /** Milliseconds after which a try has failed; `null` where it may take for ever. */
  readonly timeoutMs: number | null;
  /** Tries once; as `tryProbe`. */
  readonly attempt: (signal: AbortSignal) => Promise<ProbeResult>;
  /**
   * Called after each try.
   * @returns milliseconds to the next; `null` for none
   */
  readonly onResult: (result: ProbeResult) => number | null;
}

/**
 * One try after the other, never two at once. States: waiting ⇄ trying → over; it holds one timer in either.
 *
 * Disposal is synchronous in any state, gives up the try that is under way, and leaves no callback.
 */
export class ProbeLoop implements Disposable {
  readonly #options: ProbeLoopOptions;
  #timer: Disposable | undefined;
  #attempt: AbortController | undefined;
  #isOver = false;

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    this.#arm(options.firstDelayMs, () => {
      this.#try();
    });
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#release();
  }

  #try(): void {
    const { attempt: tryOnce, timeoutMs } = this.#options;
    const attempt = new AbortController();
    this.#attempt = attempt;
    if (timeoutMs !== null)
      this.#arm(timeoutMs, () => {
        this.#end(attempt, { isOk: false, message: `It took longer than ${String(timeoutMs)} ms.` });
      });
    tryOnce(attempt.signal).then(
      (result) => {
        this.#end(attempt, result);
      },
      (error: unknown) => {
        const message = `It could not be tried: ${error instanceof Error ? error.message : String(error)}`;
        this.#end(attempt, { isOk: false, message });
      },
    );
  }

  #end(attempt: AbortController, result: ProbeResult): void {
    if (this.#attempt !== attempt) return;
    this.#release();
    const pauseMs = this.#options.onResult(result);
    if (this.#isOver || pauseMs === null) return;
    this.#arm(pauseMs, () => {
      this.#try();
    });
  }

  #arm(delayMs: number, work: () => void): void {
    this.#timer = this.#options.clock.after(delayMs, work);
  }

  #release(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.abort();
  }
}
