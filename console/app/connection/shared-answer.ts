export interface SharedAnswerEnds {
  readonly onBytes: () => void;
  /** So much was read. */
  readonly onTaken: (byteCount: number) => void;
  /** Nobody wants the rest. */
  readonly onLeft: () => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * An answer to `fetch` whose bytes come as messages.
 *
 *   waiting → `begin()` → open → ended; by `end()`, by its signal or by its reader
 *
 * Slow reader: what came waits here, and its sender is told of what was taken. Release: the signal, and `cancel()` of the body, at once.
 */
export class SharedAnswer {
  readonly response: Promise<Response>;
  readonly #ends: SharedAnswerEnds;
  #resolve: (response: Response) => void = () => undefined;
  #reject: (failure: Error) => void = () => undefined;
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Ends the wait of a reader. */
  #wake: (() => void) | undefined;
  #end: { readonly failure: Error | undefined } | undefined;

  constructor(ends: SharedAnswerEnds) {
    this.#ends = ends;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = ends;
    signal?.addEventListener('abort', this.#leave);
    if (signal?.aborted === true) this.#leave();
  }

  /** @param text the whole body, of a refusal; null where bytes follow */
  begin(status: number, text: string | null): void {
    if (text !== null) {
      this.#release();
      this.#resolve(new Response(text, { status, headers: { 'content-type': 'application/json' } }));
      return;
    }
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#release();
          this.#ends.onLeft();
        },
      },
      { highWaterMark: 0 },
    );
    this.#ends.onBytes();
    this.#resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  }

  add(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#end !== undefined) return;
    this.#ends.onBytes();
    this.#waiting.push(bytes);
    this.#wake?.();
  }

  /** What came before is read first. @param failure undefined where all has come */
  end(failure: string | undefined): void {
    if (this.#end !== undefined) return;
    this.#release();
    this.#end = { failure: failure === undefined ? undefined : new TypeError(failure) };
    this.#reject(this.#end.failure ?? new TypeError('There was no answer.'));
    this.#wake?.();
  }

  async #pull(): Promise<void> {
    if (this.#waiting.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const bytes = this.#waiting.shift();
    if (bytes !== undefined) {
      this.#controller?.enqueue(bytes);
      this.#ends.onTaken(bytes.byteLength);
    } else if (this.#end?.failure !== undefined) this.#controller?.error(this.#end.failure);
    else this.#controller?.close();
  }

  readonly #leave = (): void => {
    if (this.#end !== undefined) return;
    this.#release();
    const failure = this.#ends.signal?.reason as Error;
    this.#end = { failure };
    this.#waiting.length = 0;
    this.#reject(failure);
    this.#controller?.error(failure);
    this.#ends.onLeft();
  };

  #release(): void {
    this.#ends.signal?.removeEventListener('abort', this.#leave);
  }
}
