import { ConflictError, LimitExceededError } from '../domain/errors.ts';
import { beginEventStream } from './event-stream.ts';
import type { Exchange } from './exchange.ts';
import { SharedEventStream } from './shared-event-stream.ts';
import type { StreamLimits } from './stream-limits.ts';
import { type Performance, StreamOperation } from './stream-operation.ts';

/**
 * The event stream of one client, and the operations whose results it carries.
 *
 * States: reserved → open → closed → open … → dropped. It is dropped when nobody opens its stream in time, and by
 * `dispose`. Operations can start in all states but the last; until the stream is open, each waits with its first result.
 *
 * An operation ends by itself, by `stop()`, when the stream closes or when the reservation is dropped, whichever is first.
 * In each case what it holds is released in the same turn; only in the first the stream says `complete`, for it means
 * that there is nothing more to come.
 */
export class StreamReservation implements Disposable {
  readonly token: string;
  readonly holder: string;
  readonly #limits: StreamLimits;
  readonly #onDropped: () => void;
  readonly #stream: SharedEventStream;
  readonly #operations = new Map<string, StreamOperation>();
  #expiry: NodeJS.Timeout | undefined;
  #isDropped = false;

  /** @param onDropped is called once, when it is over */
  constructor(token: string, holder: string, limits: StreamLimits, onDropped: () => void) {
    this.token = token;
    this.holder = holder;
    this.#limits = limits;
    this.#onDropped = onDropped;
    this.#stream = new SharedEventStream(limits.pingMs);
    this.#dropAfter(limits.openWithinMs);
  }

  /** Whether its stream is open: then it cannot be opened by another. */
  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  /**
   * Answers with the stream, until the client has gone.
   * @throws ConflictError while another answer carries it: there is one at a time
   */
  open({ res, signal, streams }: Pick<Exchange, 'res' | 'signal' | 'streams'>): void {
    if (this.isOpen) throw new ConflictError('This event stream is open already.');
    clearTimeout(this.#expiry);
    beginEventStream(res, streams);
    const stream = this.#stream.open(res);
    const close = (): void => {
      this.#endOperations();
      stream[Symbol.dispose]();
      res.destroy();
      if (!this.#isDropped) this.#dropAfter(this.#limits.reopenWithinMs);
    };
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
  }

  /**
   * Starts an operation, whose results the stream carries under `id`.
   * @throws ConflictError where one of that id runs, LimitExceededError where too many run
   */
  start(id: string, perform: Performance): void {
    if (this.#operations.has(id)) {
      throw new ConflictError('An operation with this operationId is running. Give each its own.');
    }
    if (this.#operations.size >= this.#limits.maxOperations) {
      throw new LimitExceededError(
        `One event stream can carry ${String(this.#limits.maxOperations)} operations at once. Stop one, or open another.`,
      );
    }
    const operation = new StreamOperation(id, this.#stream, () => this.#operations.delete(id));
    this.#operations.set(id, operation);
    void operation.run(perform);
  }

  /** Ends an operation: nothing of it is written after this. Without effect where none of that id runs. */
  stop(id: string): void {
    this.#operations.get(id)?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    clearTimeout(this.#expiry);
    this.#endOperations();
    this.#onDropped();
  }

  #endOperations(): void {
    for (const operation of this.#operations.values()) operation[Symbol.dispose]();
  }

  #dropAfter(milliseconds: number): void {
    this.#expiry = setTimeout(() => {
      this[Symbol.dispose]();
    }, milliseconds);
  }
}
