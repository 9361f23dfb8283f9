import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from './startup-error.ts';
import { writeWhole } from './write-whole.ts';

/**
 * The version of the layout of the data directory, in its file `format`.
 *
 * 1: before the file was there.   2: the file, and the files of services.
 */
export const DIRECTORY_FORMAT = 2;

/** What a backup has and a data directory has not. */
export const BACKUP_MANIFEST = 'backup.json';

/** There while a backup is made a data directory. */
export const RESTORE_MARK = 'restoring';

/** The format of what is there; `null` where nothing says so: a new directory, or one of format 1. */
export function readDirectoryFormat(path: string): number | null {
  let text: string;
  try {
    text = readFileSync(join(path, 'format'), 'utf8');
  } catch {
    return null;
  }
  return Number(text);
}

/**
 * Called before anything is written.
 * @throws StartupError where a newer version has written there, where the directory is a backup, and where it is not whole yet
 */
export function checkDirectoryFormat(path: string): void {
  const format = readDirectoryFormat(path);
  if (format !== null && !Number.isSafeInteger(format)) {
    throw new StartupError(
      `The file format in ${path} does not say a number. If this is the data directory of Lifeline, put ${String(DIRECTORY_FORMAT)} into it; else name another directory with --data-dir.`,
    );
  }
  if (format !== null && format > DIRECTORY_FORMAT) {
    throw new StartupError(
      `The data directory ${path} was written by a newer version of Lifeline (it has format ${String(format)}, and this one knows formats up to ${String(DIRECTORY_FORMAT)}). ` +
        'Nothing was changed. Install that version, or restore a backup from before the upgrade.',
    );
  }
  if (existsSync(join(path, BACKUP_MANIFEST))) {
    throw new StartupError(
      `${path} is a backup. Make a data directory of it first: lifeline restore ${path} --data-dir DIR.`,
    );
  }
  if (existsSync(join(path, RESTORE_MARK))) {
    throw new StartupError(
      `A restore into ${path} was interrupted. Do it again, with --replace: lifeline restore BACKUP --data-dir ${path} --replace.`,
    );
  }
}

/** Says that the directory has the layout of this version now. */
export function writeDirectoryFormat(path: string): void {
  if (readDirectoryFormat(path) === DIRECTORY_FORMAT) return;
  writeWhole(join(path, 'format'), `${String(DIRECTORY_FORMAT)}\n`);
}
