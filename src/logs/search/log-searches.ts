import { dirname } from 'node:path';
import { InvalidInputError, LimitExceededError } from '../../domain/errors.ts';
import type { JobDirectory } from '../../storage/job-directory.ts';
import type { LogMasks } from '../log-masks.ts';
import type { SearchAnswer, SearchTask } from './answer-search.ts';
import type { LineSearch, SearchedPart } from './line-search.ts';
import { SearchThread } from './search-thread.ts';

export interface SearchBounds {
  /** How long one search may look before it answers with what it has. 250 by default. */
  readonly partMs: number;
  /** When its thread is ended, since one place takes too long. 10,000 by default. */
  readonly patienceMs: number;
  /** How many may wait for the thread. 64 by default. */
  readonly maxWaiting: number;
  /** How long the thread is kept for the next one. 5,000 by default. */
  readonly idleMs: number;
}

const DEFAULTS: SearchBounds = { partMs: 250, patienceMs: 10_000, maxWaiting: 64, idleMs: 5_000 };

/** One who asked. Settling it again does nothing. */
interface Wish {
  readonly task: SearchTask;
  readonly resolve: (part: SearchedPart) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Searches in the logs of a server, in a thread beside the event loop: one for all, so that they take one core at most.
 *
 * Order: first come, first served, a part each.   Bounds: time, heap, those who wait.
 * Leaving: who waits is taken out at once; what is being looked for ends at the next batch.
 * Closing: disposing ends the thread, and those who wait are told nothing.
 */
export class LogSearches implements Disposable {
  readonly #masks: LogMasks;
  readonly #bounds: SearchBounds;
  readonly #waiting: Wish[] = [];
  #current: Wish | undefined;
  #thread: SearchThread | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #released = false;

  /** @param masks borrowed */
  constructor(masks: LogMasks, bounds: Partial<SearchBounds> = {}) {
    this.#masks = masks;
    this.#bounds = { ...DEFAULTS, ...bounds };
  }

  /** Searches under way and waiting. For the leak check. */
  get size(): number {
    return this.#waiting.length + (this.#current === undefined ? 0 : 1);
  }

  /**
   * A part of the log, from where the search begins. Where `signal` aborts it resolves at once, with a part of nothing.
   * @throws (rejects with) InvalidInputError, LimitExceededError, SecretsUnavailableError
   */
  async search(directory: JobDirectory, search: LineSearch, signal: AbortSignal): Promise<SearchedPart> {
    const maskSpellings = this.#masks.of(directory)?.spellings ?? null;
    if (signal.aborted || this.#released) return nothingOf(search);
    if (this.#waiting.length >= this.#bounds.maxWaiting) {
      throw new LimitExceededError('Too many searches wait for their turn. Try again in a few seconds.');
    }
    const task: SearchTask = {
      jobsPath: dirname(directory.path),
      jobId: directory.jobId,
      maskSpellings,
      search,
      maxMs: this.#bounds.partMs,
    };
    let leave: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const wish: Wish = { task, resolve, reject };
        leave = () => {
          this.#leave(wish);
          resolve(nothingOf(search));
        };
        signal.addEventListener('abort', leave);
        this.#waiting.push(wish);
        void this.#goOn();
      });
    } finally {
      if (leave !== undefined) signal.removeEventListener('abort', leave);
    }
  }

  [Symbol.dispose](): void {
    this.#released = true;
    clearTimeout(this.#idleTimer);
    for (const { task, resolve } of this.#waiting.splice(0)) resolve(nothingOf(task.search));
    this.#current?.resolve(nothingOf(this.#current.task.search));
    this.#endThread();
  }

  #leave(wish: Wish): void {
    if (this.#current === wish) this.#thread?.cancel();
    const place = this.#waiting.indexOf(wish);
    if (place !== -1) this.#waiting.splice(place, 1);
  }

  async #goOn(): Promise<void> {
    if (this.#current !== undefined) return;
    clearTimeout(this.#idleTimer);
    const wish = this.#waiting.shift();
    if (wish === undefined) {
      if (this.#thread === undefined) return;
      this.#idleTimer = setTimeout(() => {
        this.#endThread();
      }, this.#bounds.idleMs).unref();
      return;
    }
    this.#current = wish;
    const patience = setTimeout(() => {
      wish.reject(
        new LimitExceededError('The search takes too long at one place. Look for something simpler.'),
      );
      this.#endThread();
    }, this.#bounds.patienceMs);
    try {
      this.#thread ??= new SearchThread();
      wish.resolve(partOf(await this.#thread.perform(wish.task)));
    } catch (error) {
      if (!(error instanceof InvalidInputError)) this.#endThread();
      wish.reject(error);
    } finally {
      clearTimeout(patience);
      this.#current = undefined;
      void this.#goOn();
    }
  }

  /** The next search makes a new one. */
  #endThread(): void {
    this.#thread?.[Symbol.dispose]();
    this.#thread = undefined;
  }
}

/** @throws InvalidInputError */
function partOf(answer: SearchAnswer): SearchedPart {
  if ('part' in answer) return answer.part;
  if ('refusal' in answer) throw new InvalidInputError(answer.refusal, 'pattern');
  throw new Error(answer.failure);
}

function nothingOf({ after = 0 }: LineSearch): SearchedPart {
  return { hits: [], hitCount: 0, scannedFromSeq: after + 1, scannedToSeq: after, isComplete: false };
}
