import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { JobId } from '../domain/job-id.ts';
import type { DataDirectory } from './data-directory.ts';

/**
 * Gives job ids: 1, 2, 3 … The highest id ever given is kept outside the database, too, so that a database that is
 * lost or restored from a backup never makes an id, and with it a log, ambiguous.
 */
export class JobIds {
  readonly #path: string;
  #highest: JobId;

  /** @param highestInUse the highest id that has a row or a directory, or 0 */
  constructor(directory: DataDirectory, highestInUse: JobId) {
    this.#path = directory.highestJobIdPath;
    this.#highest = Math.max(highestInUse, readHighest(this.#path));
  }

  /** An id that no job has had. It is on record before it is returned. */
  next(): JobId {
    const id = this.#highest + 1;
    writeFileSync(`${this.#path}.part`, `${String(id)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.part`, this.#path);
    this.#highest = id;
    return id;
  }
}

function readHighest(path: string): JobId {
  try {
    const highest = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(highest) ? highest : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
