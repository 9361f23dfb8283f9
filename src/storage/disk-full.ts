import { DiskLowError, LifelineError } from '../domain/errors.ts';

const FULL_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];
/** SQLITE_FULL, and SQLITE_IOERR_WRITE and _SHMSIZE, which a full disk becomes where SQLite maps memory. */
const FULL_NUMBERS: readonly unknown[] = [13, 778, 4874];
/** How deep errors are wrapped in one another. */
const DEPTH = 6;

/** Whether something failed since the disk, or a quota of it, is full: an error of a file, or of the database in its wrappings. */
export function isDiskFull(error: unknown, depth = DEPTH): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false;
  const facts = error as Readonly<Record<string, unknown>>;
  if (FULL_CODES.includes(facts['code']) || FULL_CODES.includes(facts['originalCode'])) return true;
  if (FULL_NUMBERS.includes(facts['extendedCode'])) return true;
  return [facts['cause'], facts['meta'], facts['driverAdapterError']].some((inner) =>
    isDiskFull(inner, depth - 1),
  );
}

/** What is told of an error: where the disk is full, that it is. */
export function asToldOfDisk(error: unknown): unknown {
  if (error instanceof LifelineError || !isDiskFull(error)) return error;
  return new DiskLowError(undefined, { cause: error });
}
