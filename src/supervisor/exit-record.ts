import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';

const SLOT_BYTES = 16;
const SLOTS = 4;
const DRAINED_ALONE = 'drained alone';

/** What the shim has said so far. */
export interface ExitRecord {
  /** The gate opened and the program was about to be executed. */
  readonly started: boolean;
  /** The server was gone before the gate opened: nothing ran. */
  readonly aborted: boolean;
  /** What the shell says of the program's end: 0 to 255, over 128 for a signal; `null` while it runs or if nobody saw it. */
  readonly exitStatus: number | null;
  /** Both sinks have written everything, and the shim was about to end. */
  readonly drained: boolean;
  /** The shim's subreaper had no other child left then: nothing of the job was. */
  readonly alone: boolean;
}

/**
 * Makes the record with its full size, so that the shim only ever overwrites: a full disk or a foreign user cannot
 * lose it. The caller owns the returned descriptor, hands it to the shim and closes it.
 */
export function createExitRecord(path: string): number {
  writeFileSync(path, `${' '.repeat(SLOT_BYTES - 1)}\n`.repeat(SLOTS), { mode: 0o600, flag: 'wx' });
  return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
}

/** Reads the record; everything is missing where the file is missing or is not a regular file. */
export function readExitRecord(path: string): ExitRecord {
  const words = readText(path)
    .split('\n')
    .map((line) => line.trim());
  const exit = words.find((word) => /^exit \d{1,3}$/.test(word));
  return {
    started: words.includes('started'),
    aborted: words.includes('aborted'),
    exitStatus: exit === undefined ? null : Number(exit.slice('exit '.length)),
    drained: words.includes('drained') || words.includes(DRAINED_ALONE),
    alone: words.includes(DRAINED_ALONE),
  };
}

/** When the record was last written, in milliseconds since the Unix epoch: the end of a job that nobody watched. */
export function exitRecordTimeMs(path: string): number | undefined {
  try {
    return Math.trunc(statSync(path).mtimeMs);
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.size <= SLOT_BYTES * SLOTS * 2 ? readFileSync(descriptor, 'utf8') : '';
  } finally {
    closeSync(descriptor);
  }
}
