import { Worker } from 'node:worker_threads';
import { answerSearch, type SearchAnswer, type SearchTask } from './answer-search.ts';

/** What an engine may use before its thread is ended; a search takes some MB. */
const MAX_HEAP_MIB = 128;

/**
 * A thread that performs one search at a time: starting → idle ⇄ busy → ended. It ends by its guard, or when it fails; with it
 * ends what it is busy with. Made when it is used for the first time.
 *
 * Of sources that are compiled on the way (`npm run dev`) no thread can be made; there the search runs in this one.
 */
export class SearchThread implements Disposable {
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker | null;

  constructor() {
    this.#worker = import.meta.url.endsWith('.ts')
      ? null
      : new Worker(new URL('./search-worker.js', import.meta.url), {
          workerData: this.#cancelled.buffer,
          // A debugger's port, a preloaded module: not for this one.
          execArgv: [],
          resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
        });
    // It lives for those who wait for it.
    this.#worker?.unref();
  }

  /** Rejects where the thread ends before it has answered. One call at a time. */
  async perform(task: SearchTask): Promise<SearchAnswer> {
    Atomics.store(this.#cancelled, 0, 0);
    const worker = this.#worker;
    if (worker === null) return answerSearch(task, () => Atomics.load(this.#cancelled, 0) === 1);
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        worker.off('message', onAnswer).off('error', onError).off('exit', onExit);
      };
      const onAnswer = (answer: SearchAnswer): void => {
        stop();
        resolve(answer);
      };
      const onError = (error: Error): void => {
        stop();
        // The thread is gone with it.
        reject(new Error('a search ended its thread', { cause: error }));
      };
      const onExit = (): void => {
        stop();
        reject(new Error('the thread of a search was ended'));
      };
      worker.on('message', onAnswer).on('error', onError).on('exit', onExit);
      worker.postMessage(task);
    });
  }

  /** What it is busy with answers soon, with what it has. */
  cancel(): void {
    Atomics.store(this.#cancelled, 0, 1);
  }

  [Symbol.dispose](): void {
    this.cancel();
    void this.#worker?.terminate();
  }
}
