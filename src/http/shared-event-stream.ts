import type { ServerResponse } from 'node:http';

/** What some browsers wait for before they count a stream as open, and what keeps proxies from closing a silent one. */
const PING = ':\n\n';

/** One event, as pieces that go out one after the other, and nothing between them. */
export type EventPieces = readonly (string | Uint8Array)[];

/** Below this many bytes, one copy costs less than to write each piece by itself. */
const SMALL_EVENT_BYTES = 4_096;

interface WaitingEvent {
  readonly pieces: EventPieces;
  /** Ends its `write()`. */
  readonly settle: (isTaken: boolean) => void;
}

/**
 * One event stream that many writers share.
 *
 * States: closed → `open()` → open → its guard disposed → closed; it can be opened again.
 * Order: events go out whole, in the order of `write()`; so writers that each wait for their last event take turns.
 * Slow client, or none: a writer waits. What is held is one event of each writer, and one in the socket.
 * Leaving: an event whose signal aborts is never written, if it has not been yet.
 */
export class SharedEventStream {
  readonly #pingMs: number;
  /** Seldom more than one. */
  #waiting: readonly WaitingEvent[] = [];
  #response: ServerResponse | undefined;
  #ping: NodeJS.Timeout | undefined;
  #isFull = false;
  /** The event that made the socket full: its writer waits with the others for room. */
  #filler: WaitingEvent | undefined;

  /** @param pingMs milliseconds of silence after which a comment goes out */
  constructor(pingMs: number) {
    this.#pingMs = pingMs;
  }

  get isOpen(): boolean {
    return this.#response !== undefined;
  }

  /** Writes to `response`, whose head is out, until the guard is disposed. The response stays its owner's to end. */
  open(response: ServerResponse): Disposable {
    const drained = (): void => {
      this.#isFull = false;
      this.#filler?.settle(true);
      this.#pump();
    };
    this.#response = response;
    response.on('drain', drained);
    this.#ping = setInterval(() => {
      if (!this.#isFull) this.#send([PING]);
    }, this.#pingMs);
    this.#send([PING]);
    this.#pump();
    const close = (): void => {
      if (this.#response !== response) return;
      clearInterval(this.#ping);
      response.off('drain', drained);
      this.#response = undefined;
      this.#isFull = false;
    };
    return { [Symbol.dispose]: close };
  }

  /**
   * Waits for the stream to be open and for the writers before, writes, and waits until the client has taken enough.
   * @returns whether it was written: false where `signal` aborted first
   */
  write(pieces: EventPieces, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(false);
        return;
      }
      const drop = (): void => {
        event.settle(false);
      };
      const event: WaitingEvent = {
        pieces,
        settle: (isTaken) => {
          signal.removeEventListener('abort', drop);
          this.#forget(event);
          if (this.#filler === event) this.#filler = undefined;
          resolve(isTaken);
        },
      };
      signal.addEventListener('abort', drop);
      this.#waiting = [...this.#waiting, event];
      this.#pump();
    });
  }

  #pump(): void {
    for (const event of this.#waiting) {
      if (this.#response === undefined || this.#isFull) return;
      this.#forget(event);
      if (this.#send(event.pieces)) event.settle(true);
      else this.#filler = event;
    }
  }

  #forget(event: WaitingEvent): void {
    this.#waiting = this.#waiting.filter((other) => other !== event);
  }

  /** @returns whether there is room for more */
  #send(pieces: EventPieces): boolean {
    let hasRoom = true;
    // What is written in one turn leaves in one system call.
    for (const piece of joinedIfSmall(pieces)) hasRoom = this.#response?.write(piece) !== false;
    this.#isFull = !hasRoom;
    this.#ping?.refresh();
    return hasRoom;
  }
}

function joinedIfSmall(pieces: EventPieces): EventPieces {
  if (pieces.length < 2) return pieces;
  const byteCount = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (byteCount > SMALL_EVENT_BYTES) return pieces;
  return [Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))];
}
