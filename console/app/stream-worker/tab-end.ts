import type { TabMessage, WorkerMessage } from '../connection/stream-messages.ts';
import type { StreamPool } from './stream-pool.ts';
import { TabOperation } from './tab-operation.ts';

/**
 * The worker's end of one tab, and the guard of all that it follows.
 *
 *   made → `here` → here → gone (its lock was given back: it was closed, went elsewhere or has crashed)
 */
export class TabEnd {
  readonly #port: MessagePort;
  readonly #pool: StreamPool;
  readonly #operations = new Map<string, TabOperation>();

  constructor(port: MessagePort, pool: StreamPool) {
    this.#port = port;
    this.#pool = pool;
    port.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#take(data);
  }

  say(message: WorkerMessage, handedOver: Transferable[] = []): void {
    this.#port.postMessage(message, handedOver);
  }

  #take(message: TabMessage): void {
    switch (message.kind) {
      case 'here':
        void navigator.locks.request(message.tabLock, () => this.#leave());
        break;
      case 'start': {
        const operation = new TabOperation(message.id, this, () => this.#operations.delete(message.id));
        this.#operations.set(message.id, operation);
        operation.run(this.#pool, message.body);
        break;
      }
      case 'taken':
        this.#operations.get(message.id)?.take(message.byteCount);
        break;
      case 'stop':
        this.#operations.get(message.id)?.dispose();
    }
  }

  #leave(): void {
    for (const operation of this.#operations.values()) operation.dispose();
    this.#port.close();
  }
}
