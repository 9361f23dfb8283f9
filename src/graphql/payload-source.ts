/** What a `PayloadSource` is made of. */
export interface PayloadSourceParts<Payload> {
  /** Gives the next payload, or the end. May reject: the reader gets that error, then the end. */
  readonly pull: () => Promise<IteratorResult<Payload, undefined>>;
  /** Lets go of everything at once. Called exactly once; must neither throw nor wait. */
  readonly release: () => void;
  readonly signal: AbortSignal;
}

const END = { done: true, value: undefined } as const;

/**
 * The source of a GraphQL subscription: what `subscribe` returns, and what holds its resources.
 *
 * States: open → ended. It ends at the last payload, an error, abort, `return()` or `throw()`, whichever is first; then
 * the parts are released synchronously and every waiting `next()` resolves as done.
 *
 * Written by hand because an `async function*` queues `return()` behind a waiting `next()`, and runs no `finally` at all
 * before its first `next()`: each reader that leaves a silent job would leak.
 */
export class PayloadSource<Payload> implements AsyncIterableIterator<Payload, undefined> {
  readonly #parts: PayloadSourceParts<Payload>;
  /** Seldom more than one: an array of it is smaller than a set, and a reader may wait for days. */
  #waiting: readonly ((end: typeof END) => void)[] = [];
  #ended = false;
  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.signal.removeEventListener('abort', this.#end);
    this.#parts.release();
    for (const resolve of this.#waiting) resolve(END);
    this.#waiting = [];
  };

  constructor(parts: PayloadSourceParts<Payload>) {
    this.#parts = parts;
    parts.signal.addEventListener('abort', this.#end, { once: true });
    if (parts.signal.aborted) this.#end();
  }

  next(): Promise<IteratorResult<Payload, undefined>> {
    if (this.#ended) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, resolve];
      this.#pull().then(
        (result) => {
          this.#forget(resolve);
          // Ended meanwhile: the promise is settled already, and this payload comes too late.
          if (result.done === true) this.#end();
          resolve(result);
        },
        (error: unknown) => {
          this.#forget(resolve);
          this.#end();
          reject(error instanceof Error ? error : new Error('the source failed', { cause: error }));
        },
      );
    });
  }

  /** Idempotent; never rejects, because a rejection here has nobody to catch it. */
  return(): Promise<IteratorResult<Payload, undefined>> {
    this.#end();
    return Promise.resolve(END);
  }

  throw(): Promise<IteratorResult<Payload, undefined>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A synchronous throw of `pull` becomes a rejection, with whatever was thrown. Not an async function: its state would be held while it waits. */
  #pull(): Promise<IteratorResult<Payload, undefined>> {
    try {
      return this.#parts.pull();
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- `next` makes an error of it
      return Promise.reject(error);
    }
  }

  #forget(waiting: (end: typeof END) => void): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
  }
}
