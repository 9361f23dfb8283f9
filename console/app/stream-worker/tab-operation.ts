import type { OperationSink, StreamGuard } from './shared-stream.ts';
import type { StreamPool } from './stream-pool.ts';
import type { TabEnd } from './tab-end.ts';

/** What waits in a tab at most before the stream waits for the tab. */
const WINDOW_BYTES = 2 * 1024 * 1024;
/** A tab that takes nothing for so long is not waited for any more: it would hold up all others. */
const STALL_MS = 1_000;

/**
 * One operation of one tab, and what is on its way there: 2 MiB and one event at most.
 *
 *   made → `run()` → running → ended, once: by its end or by `dispose`
 */
export class TabOperation implements OperationSink {
  readonly #id: string;
  readonly #tab: TabEnd;
  readonly #onEnded: () => void;
  #running: StreamGuard | undefined;
  #untakenBytes = 0;
  #onRoom: ((hasRoom: boolean) => void) | undefined;

  /** @param onEnded is called once, in the turn in which it ends */
  constructor(id: string, tab: TabEnd, onEnded: () => void) {
    this.#id = id;
    this.#tab = tab;
    this.#onEnded = onEnded;
  }

  run(pool: StreamPool, body: string): void {
    this.#running = pool.start(body, this);
  }

  /** The tab has read so much. */
  take(byteCount: number): void {
    this.#untakenBytes -= byteCount;
    if (this.#untakenBytes < WINDOW_BYTES) this.#onRoom?.(true);
  }

  readonly onAnswer = (status: number, text: string | null): void => {
    this.#tab.say({ kind: 'answer', id: this.#id, status, text });
    if (text !== null) this.#onEnded();
  };

  readonly onBytes = (bytes: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    this.#untakenBytes += bytes.byteLength;
    this.#tab.say({ kind: 'bytes', id: this.#id, bytes }, [bytes.buffer]);
    return this.#untakenBytes < WINDOW_BYTES ? Promise.resolve(true) : this.#room();
  };

  readonly onSign = (): void => {
    const bytes = new TextEncoder().encode(':\n\n');
    this.#untakenBytes += bytes.byteLength;
    this.#tab.say({ kind: 'bytes', id: this.#id, bytes }, [bytes.buffer]);
  };

  readonly onEnd = (failure: string | undefined): void => {
    this.#tab.say({ kind: 'end', id: this.#id, failure });
    this.#onEnded();
  };

  dispose(): void {
    this.#running?.dispose();
    this.#onRoom?.(true);
    this.#onEnded();
  }

  #room(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (hasRoom: boolean): void => {
        clearTimeout(timer);
        this.#onRoom = undefined;
        resolve(hasRoom);
      };
      const timer = setTimeout(() => end(false), STALL_MS);
      this.#onRoom = end;
    });
  }
}
