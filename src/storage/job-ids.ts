import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JobId } from '../domain/job-id.ts';
import type { DataDirectory } from './data-directory.ts';
import { syncDirectory, syncFile } from './durable-file.ts';

/** Of a number on file, padded: it is written in place, which takes no room on a disk that is full. */
const DIGITS = 20;

/**
 * Gives numbers: 1, 2, 3 … The highest one ever given is kept in a file, outside the database, so that a database that is
 * lost or restored from a backup never makes a number ambiguous.
 */
export class GivenNumbers {
  readonly #path: string;
  #highest: number;
  /** Whether the name of the file is on the disk. */
  #isNamed = false;

  /** @param highestInUse the highest number that is known to be in use, or 0 */
  constructor(path: string, highestInUse: number) {
    this.#path = path;
    this.#highest = Math.max(highestInUse, readHighest(path));
  }

  /** A number that was never given before. It is on record before it is returned. */
  next(): number {
    const number = this.#highest + 1;
    writeNumber(this.#path, number);
    this.#highest = number;
    return number;
  }

  /** The numbers that were given so far are on the disk when this resolves: a loss of the machine makes none of them new. */
  async settled(): Promise<void> {
    await syncFile(this.#path);
    if (this.#isNamed) return;
    await syncDirectory(dirname(this.#path));
    this.#isNamed = true;
  }
}

/** Gives job ids. One that was given twice would make a log ambiguous. */
export class JobIds extends GivenNumbers {
  /** @param highestInUse the highest id that has a row or a directory, or 0 */
  constructor(directory: DataDirectory, highestInUse: JobId) {
    super(directory.highestJobIdPath, highestInUse);
  }
}

function writeNumber(path: string, number: number): void {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    writeSync(descriptor, `${String(number).padStart(DIGITS)}\n`, 0);
  } finally {
    closeSync(descriptor);
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
