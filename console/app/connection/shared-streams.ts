import { goToLogin, type WatchedFetch } from './own-fetch.ts';
import { SharedAnswer } from './shared-answer.ts';
import type { TabMessage, WorkerMessage } from './stream-messages.ts';

/** A worker that has not said a word by then is taken for none. */
const WELCOME_WITHIN_MS = 5_000;

/**
 * The tab's end of the worker that holds one event stream for all tabs of the browser.
 *
 *   connecting → connected → lost (the worker is gone: all that it carried ends with a failure)
 *
 * Each end holds a lock that the other waits for: a lock is given back whatever happens to its holder. So the worker stops what a
 * tab followed that was closed or has crashed, and a tab knows of a worker that did.
 */
export class SharedStreams {
  readonly #port: MessagePort;
  readonly #answers = new Map<string, SharedAnswer>();
  readonly #lost = new AbortController();
  #lastId = 0;

  private constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#take(data);
  }

  /** Undefined where the browser has no such workers, or no locks (they need TLS or this machine), or it does not start. */
  static async connect(): Promise<SharedStreams | undefined> {
    // Types say that they are there; browsers, not always.
    const { locks } = navigator as { readonly locks?: LockManager };
    if (locks === undefined || !('SharedWorker' in globalThis)) return undefined;
    try {
      const worker = new SharedWorker(new URL('../stream-worker/stream-worker.ts', import.meta.url), {
        type: 'module',
        name: 'Lifeline',
      });
      const tabLock = await heldLock(locks);
      const workerLock = await welcomeOf(worker, tabLock);
      if (workerLock === undefined) return undefined;
      const streams = new SharedStreams(worker.port);
      void locks.request(workerLock, () => streams.#lose());
      return streams;
    } catch {
      // A browser that forbids it, as some do to a page in a frame or without storage.
      return undefined;
    }
  }

  /** Aborts when the worker is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** As `watchedFetch`, for operations that are answered by events; the answer comes on the stream of all tabs. */
  readonly fetch: WatchedFetch = (onBytes) => async (_url, init) => {
    this.#lastId += 1;
    const id = String(this.#lastId);
    const answer = new SharedAnswer({
      onBytes,
      onTaken: (byteCount) => this.#say({ kind: 'taken', id, byteCount }),
      onLeft: () => {
        if (this.#answers.delete(id)) this.#say({ kind: 'stop', id });
      },
      signal: init?.signal ?? undefined,
    });
    this.#answers.set(id, answer);
    this.#say({ kind: 'start', id, body: init?.body as string });
    if (this.#lost.signal.aborted) this.#lose();
    const response = await answer.response;
    if (response.status === 401) goToLogin();
    return response;
  };

  #take(message: WorkerMessage): void {
    if (message.kind === 'welcome') return;
    const answer = this.#answers.get(message.id);
    if (message.kind === 'answer') {
      if (message.text !== null) this.#answers.delete(message.id);
      answer?.begin(message.status, message.text);
    } else if (message.kind === 'bytes') answer?.add(message.bytes);
    else {
      this.#answers.delete(message.id);
      answer?.end(message.failure);
    }
  }

  #lose(): void {
    this.#lost.abort();
    const answers = [...this.#answers.values()];
    this.#answers.clear();
    for (const answer of answers) answer.end('The worker that held the stream is gone.');
  }

  #say(message: TabMessage): void {
    this.#port.postMessage(message);
  }
}

/** Takes a lock for as long as the page is there. @returns its name */
function heldLock(locks: LockManager): Promise<string> {
  const name = `lifeline-tab-${crypto.randomUUID()}`;
  return new Promise((resolve, reject) => {
    locks
      .request(name, () => {
        resolve(name);
        return new Promise(() => undefined);
      })
      .catch(reject);
  });
}

/** @returns the name of the worker's lock; undefined where it does not answer */
function welcomeOf(worker: SharedWorker, tabLock: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (workerLock: string | undefined): void => {
      clearTimeout(timer);
      resolve(workerLock);
    };
    const timer = setTimeout(() => end(undefined), WELCOME_WITHIN_MS);
    worker.onerror = () => end(undefined);
    worker.port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.kind === 'welcome') end(data.workerLock);
    };
    worker.port.postMessage({ kind: 'here', tabLock } satisfies TabMessage);
  });
}
