import { watch, type FSWatcher } from 'node:fs';

export interface DirectoryWatchOptions {
  /** Milliseconds between two looks where the file system or a limit of the kernel does not allow watching. */
  readonly pollMs?: number;
  /** Milliseconds between two looks beside a working watch: inotify drops events when its queue overflows. */
  readonly safetyPollMs?: number;
}

/**
 * Tells of changes in one directory: the name of the file that changed, or `null` for "something may have". Changes come
 * soon, at least once, in no certain order, and with repeats. Neither the watch nor its timer keeps the process alive.
 *
 * States: watching (with a slow poll beside it) → polling, where watching fails, at once or later; released from both.
 */
export class DirectoryWatch implements Disposable {
  readonly #onChange: (fileName: string | null) => void;
  readonly #pollMs: number;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout;
  #released = false;

  /** @param onChange Called from the event loop, never from the constructor, never after the release. */
  constructor(
    path: string,
    onChange: (fileName: string | null) => void,
    options: DirectoryWatchOptions = {},
  ) {
    this.#onChange = onChange;
    this.#pollMs = options.pollMs ?? 200;
    this.#watcher = this.#watch(path);
    const safetyPollMs = options.safetyPollMs ?? 1_000;
    this.#timer = this.#poll(
      this.#watcher === undefined ? Math.min(this.#pollMs, safetyPollMs) : safetyPollMs,
    );
  }

  /** False where changes are only noticed by looking. */
  get isWatching(): boolean {
    return this.#watcher !== undefined;
  }

  [Symbol.dispose](): void {
    this.#released = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (_event, fileName) => {
        if (!this.#released) this.#onChange(fileName);
      });
      watcher.on('error', () => {
        this.#fallBack();
      });
      return watcher;
    } catch {
      // ENOSPC and EMFILE: the limits of inotify. Others: a file system that cannot. All of them can be polled.
      return undefined;
    }
  }

  #fallBack(): void {
    if (this.#released) return;
    this.#watcher?.close();
    this.#watcher = undefined;
    clearInterval(this.#timer);
    this.#timer = this.#poll(this.#pollMs);
  }

  #poll(everyMs: number): NodeJS.Timeout {
    return setInterval(() => {
      this.#onChange(null);
    }, everyMs).unref();
  }
}
