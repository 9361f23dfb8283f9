import { bytesOf, type DiskAmount, formatBytes } from '../domain/byte-size.ts';
import type { Clock } from '../domain/clock.ts';
import { DiskLowError } from '../domain/errors.ts';
import { readDiskSpace, type DiskSpace } from '../storage/disk-space.ts';

/** How often it is looked at, beside each start of a job. */
const POLL_MS = 2_000;
/** So much more than the bound must be free before it counts as enough again, so that it does not change with each line. */
const MARGIN = 1.1;
/** A job needs a dozen files. */
const MIN_FREE_FILES = 500;

export interface DiskGuardOptions {
  /** A path on the file system of the data directory. */
  readonly path: string;
  /** `null`: any amount is enough. */
  readonly minFree: DiskAmount | null;
  readonly clock: Clock;
  /** Called when it has become low, and when it is enough again. */
  readonly onChange: (isLow: boolean, state: DiskState) => void;
}

/** How the disk stands. */
export interface DiskState extends DiskSpace {
  /** What `--min-free-bytes` comes to here; 0 for none. */
  readonly minFreeBytes: number;
  readonly isLow: boolean;
}

/**
 * Says whether there is enough free disk for new jobs, before there is none. What runs goes on; what waits goes on waiting.
 *
 * States: enough → low, when less than the bound is free → enough again by itself, when there is a tenth more than that.
 */
export class DiskGuard implements Disposable {
  readonly #options: DiskGuardOptions;
  readonly #listeners = new Set<() => void>();
  #state: DiskState;
  #why: string | null;
  #timer: Disposable | undefined;

  /** Looks at once. @throws errors of the file system */
  constructor(options: DiskGuardOptions) {
    this.#options = options;
    this.#state = this.#judge(readDiskSpace(options.path), false);
    this.#why = this.#state.isLow ? sentenceOf(this.#state) : null;
    if (this.#state.isLow) options.onChange(true, this.#state);
    this.#poll();
  }

  /** As it was at the last look. */
  get state(): DiskState {
    return this.#state;
  }

  /** Why no job begins now, in one sentence, the same for as long as that is so; `null` where one may. Looks. */
  get why(): string | null {
    this.#look();
    return this.#why;
  }

  /** @throws DiskLowError, with the figures of now, while no job may begin */
  check(): void {
    this.#look();
    if (this.#state.isLow) throw new DiskLowError(sentenceOf(this.#state));
  }

  /** Called, in a turn of its own, when a job may begin again. */
  onEnough(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#listeners.clear();
  }

  #poll(): void {
    this.#timer = this.#options.clock.after(POLL_MS, () => {
      this.#look();
      this.#poll();
    });
  }

  #look(): void {
    const was = this.#state;
    try {
      this.#state = this.#judge(readDiskSpace(this.#options.path), was.isLow);
    } catch {
      return; // Whoever needs the directory says more of what is wrong with it.
    }
    if (this.#state.isLow === was.isLow) return;
    this.#why = this.#state.isLow ? sentenceOf(this.#state) : null;
    this.#options.onChange(this.#state.isLow, this.#state);
    if (!was.isLow) return;
    setImmediate(() => {
      for (const listener of this.#listeners) listener();
    });
  }

  #judge(space: DiskSpace, wasLow: boolean): DiskState {
    const { minFree } = this.#options;
    const minFreeBytes = minFree === null ? 0 : bytesOf(minFree, space.totalBytes);
    const factor = wasLow ? MARGIN : 1;
    const hasFewFiles = space.freeFiles !== null && space.freeFiles < MIN_FREE_FILES * factor;
    const isLow = minFree !== null && (space.freeBytes < minFreeBytes * factor || hasFewFiles);
    return { ...space, minFreeBytes, isLow };
  }
}

function sentenceOf({ freeBytes, minFreeBytes, freeFiles }: DiskState): string {
  const files = freeFiles === null ? '' : ` and room for ${String(freeFiles)} more files`;
  return (
    `The disk of the data directory has ${formatBytes(freeBytes)} free${files}; no job begins while it has less than ` +
    `${formatBytes(minFreeBytes)} (--min-free-bytes), and a tenth more. Make room there, or keep fewer jobs.`
  );
}
