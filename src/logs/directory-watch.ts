import { watch, type FSWatcher } from 'node:fs';

export interface DirectoryWatchOptions {
  /** Milliseconds between two looks where the file system or a limit of the kernel does not allow watching. */
  readonly pollMs?: number;
  /**
   * Milliseconds between two looks beside a working watch: inotify drops events when its queue overflows. While nothing
   * changes each pause is twice as long as the one before, up to eight times this.
   */
  readonly safetyPollMs?: number;
}

/** How many times the safety poll of a quiet directory may double its pause. Many quiet jobs are to cost next to nothing. */
const DOUBLINGS = 3;

/**
 * Tells of changes in one directory: the name of the file that changed, or `null` for "something may have". Changes come
 * soon, at least once, in no certain order, and with repeats. Neither the watch nor its timer keeps the process alive.
 *
 * States: watching (with a slow poll beside it) → polling, where watching fails, at once or later; released from both.
 * Known gap: where an event of a directory that was quiet before is dropped, its change is noticed by the slowest poll.
 */
export class DirectoryWatch implements Disposable {
  readonly #onChange: (fileName: string | null) => void;
  readonly #pollMs: number;
  readonly #safetyPollMs: number;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #doublings = 0;
  #hasChanged = false;
  #released = false;

  /** @param onChange Called from the event loop, never from the constructor, never after the release. */
  constructor(
    path: string,
    onChange: (fileName: string | null) => void,
    options: DirectoryWatchOptions = {},
  ) {
    this.#onChange = onChange;
    this.#pollMs = options.pollMs ?? 200;
    this.#safetyPollMs = options.safetyPollMs ?? 1_000;
    this.#watcher = this.#watch(path);
    this.#arm();
  }

  /** False where changes are only noticed by looking. */
  get isWatching(): boolean {
    return this.#watcher !== undefined;
  }

  [Symbol.dispose](): void {
    this.#released = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (_event, fileName) => {
        if (this.#released) return;
        this.#noteChange();
        this.#onChange(fileName);
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
    this.#arm();
  }

  /** Costs no timer but for the first change after quiet. */
  #noteChange(): void {
    this.#hasChanged = true;
    if (this.#doublings === 0) return;
    this.#doublings = 0;
    this.#arm();
  }

  get #pauseMs(): number {
    if (this.#watcher === undefined) return Math.min(this.#pollMs, this.#safetyPollMs);
    return this.#safetyPollMs * 2 ** this.#doublings;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#doublings = this.#hasChanged ? 0 : Math.min(this.#doublings + 1, DOUBLINGS);
      this.#hasChanged = false;
      this.#arm();
      this.#onChange(null);
    }, this.#pauseMs).unref();
  }
}
