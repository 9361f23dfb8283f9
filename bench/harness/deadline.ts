/**
 * A signal that aborts after so many milliseconds, or with the outer one; disposing it ends the wait.
 *
 * Not AbortSignal.any over AbortSignal.timeout: on Node 20 such a signal can be collected before it fires.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;
  readonly #onAbort = (): void => {
    this.#controller.abort(this.#outer.reason);
  };

  constructor(ms: number, outer: AbortSignal) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`not through within ${Math.round(ms / 1_000)} s`));
    }, ms);
    if (outer.aborted) this.#onAbort();
    else outer.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#onAbort);
  }
}
