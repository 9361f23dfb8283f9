import type { Deliver } from '../graphql/perform-operation.ts';
import type { SharedEventStream } from './shared-event-stream.ts';

const TAIL = Buffer.from('}\n\n');

/** Performs an operation until `signal` aborts. Must not reject. */
export type Performance = (signal: AbortSignal, deliver: Deliver) => Promise<void>;

/**
 * One operation of a shared event stream, and the guard of all that it holds: that hangs on a signal of its own, because
 * the request that started it was answered long ago.
 *
 * States: made → `run()` → running → ended, once: by its last result or by `dispose`.
 */
export class StreamOperation implements Disposable {
  readonly #id: string;
  readonly #stream: SharedEventStream;
  readonly #controller = new AbortController();
  readonly #onEnded: () => void;

  /** @param onEnded is called once, in the turn in which it ends */
  constructor(id: string, stream: SharedEventStream, onEnded: () => void) {
    this.#id = id;
    this.#stream = stream;
    this.#onEnded = onEnded;
  }

  /** Writes the results and then `complete`; does not reject. */
  async run(perform: Performance): Promise<void> {
    const { signal } = this.#controller;
    const id = JSON.stringify(this.#id);
    const head = Buffer.from(`event: next\ndata: {"id":${id},"payload":`);
    try {
      await perform(signal, (result) => this.#stream.write([head, ...result, TAIL], signal));
      await this.#stream.write([`event: complete\ndata: {"id":${id}}\n\n`], signal);
    } finally {
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort();
    this.#onEnded();
  }
}
