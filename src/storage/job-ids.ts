import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { JobId } from '../domain/job-id.ts';
import type { DataDirectory } from './data-directory.ts';

/**
 * Gives numbers: 1, 2, 3 … The highest one ever given is kept in a file, outside the database, so that a database that is
 * lost or restored from a backup never makes a number ambiguous.
 */
export class GivenNumbers {
  readonly #path: string;
  #highest: number;

  /** @param highestInUse the highest number that is known to be in use, or 0 */
  constructor(path: string, highestInUse: number) {
    this.#path = path;
    this.#highest = Math.max(highestInUse, readHighest(path));
  }

  /** A number that was never given before. It is on record before it is returned. */
  next(): number {
    const number = this.#highest + 1;
    writeFileSync(`${this.#path}.part`, `${String(number)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.part`, this.#path);
    this.#highest = number;
    return number;
  }
}

/** Gives job ids. One that was given twice would make a log ambiguous. */
export class JobIds extends GivenNumbers {
  /** @param highestInUse the highest id that has a row or a directory, or 0 */
  constructor(directory: DataDirectory, highestInUse: JobId) {
    super(directory.highestJobIdPath, highestInUse);
  }
}

function readHighest(path: string): number {
  try {
    const highest = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(highest) ? highest : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
