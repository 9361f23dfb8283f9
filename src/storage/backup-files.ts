import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { copyFile, digestFile, type CopiedFile } from './copy-file.ts';
import { BackupError } from './backup-error.ts';
import { BACKUP_MANIFEST } from './directory-format.ts';
import { writeWhole } from './write-whole.ts';

/** The version of the layout of a backup. */
const FORMAT = 1;
/** As sha256sum(1) reads it: `sha256sum --check checksums`. */
const CHECKSUMS = 'checksums';

/** What a backup says of itself; written last, so that a backup without it is none. */
export interface BackupManifest {
  readonly format: number;
  /** Of Lifeline. */
  readonly version: string;
  /** ISO 8601: the moment of which the database is. */
  readonly madeAt: string;
  /** Absolute path of the data directory that it is of. */
  readonly dataDirectory: string;
  /** Of the data directory. */
  readonly directoryFormat: number;
  readonly files: number;
  /** As the files say; holes take none. */
  readonly bytes: number;
  readonly jobs: number;
  /** Ids of the jobs that had not ended. */
  readonly unfinished: readonly number[];
}

const manifest = z.object({
  format: z.int(),
  version: z.string(),
  madeAt: z.iso.datetime(),
  dataDirectory: z.string(),
  directoryFormat: z.int(),
  files: z.int(),
  bytes: z.int(),
  jobs: z.int(),
  unfinished: z.array(z.int()),
}) satisfies z.ZodType<BackupManifest>;

/** The files of a backup while it is written. */
export class BackupWriter {
  readonly path: string;
  #files = 0;
  #bytes = 0;
  #lines: string[] = [];

  /** @param path of a directory that is there and empty */
  constructor(path: string) {
    this.path = path;
  }

  /** Copies one file. @param name relative to the backup @returns what was copied; `null` where there is no such file */
  copy(from: string, name: string, length?: number): CopiedFile | null {
    const to = join(this.path, name);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    const copied = copyFile(from, to, length);
    if (copied !== null) this.#note(name, copied);
    return copied;
  }

  /** Notes a file that was put there by other means. */
  add(name: string): void {
    const read = digestFile(join(this.path, name));
    if (read === null) throw new BackupError(`The backup has no ${name}: something else changes it.`);
    this.#note(name, read);
  }

  /** Reads all of it back, then says that it is one. @throws BackupError where it is not what was copied */
  finish(said: Omit<BackupManifest, 'format' | 'files' | 'bytes'>): BackupManifest {
    this.#flush();
    for (const [name, digest] of readChecksums(this.path)) checkFile(this.path, name, digest);
    const whole: BackupManifest = { format: FORMAT, ...said, files: this.#files, bytes: this.#bytes };
    writeWhole(join(this.path, BACKUP_MANIFEST), `${JSON.stringify(whole, null, 2)}\n`);
    return whole;
  }

  #note(name: string, { bytes, digest }: CopiedFile): void {
    this.#files += 1;
    this.#bytes += bytes;
    this.#lines.push(`${digest}  ${name}\n`);
    if (this.#lines.length >= 1_000) this.#flush();
  }

  #flush(): void {
    appendFileSync(join(this.path, CHECKSUMS), this.#lines.join(''), { mode: 0o600 });
    this.#lines = [];
  }
}

/** @throws BackupError where it is none, is not complete, or a newer version made it */
export function readManifest(path: string): BackupManifest {
  let text: string;
  try {
    text = readFileSync(join(path, BACKUP_MANIFEST), 'utf8');
  } catch (error) {
    throw new BackupError(
      `${path} is no backup, or one that was not finished: it has no ${BACKUP_MANIFEST}.`,
      {
        cause: error,
      },
    );
  }
  try {
    const read: unknown = JSON.parse(text);
    const { format } = z.object({ format: z.int() }).parse(read);
    if (format > FORMAT) {
      throw new BackupError(
        `The backup ${path} was made by a newer version of Lifeline (it has format ${String(format)}). Restore it with that version.`,
      );
    }
    return manifest.parse(read);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`The ${BACKUP_MANIFEST} of the backup ${path} is damaged.`, { cause: error });
  }
}

/**
 * Copies all of a backup, file by file, to where `place` says. What was copied is read back.
 * @param place where a file of the backup belongs, as an absolute path
 * @throws BackupError at the first that is not what was backed up
 */
export function restoreFiles(path: string, { files }: BackupManifest, place: (name: string) => string): void {
  const checksums = readChecksums(path);
  if (checksums.length !== files)
    throw new BackupError(
      `The backup ${path} is damaged: it lists ${String(checksums.length)} files instead of ${String(files)}.`,
    );
  for (const [name, digest] of checksums) {
    const to = place(name);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    if (copyFile(join(path, name), to)?.digest !== digest) throw damaged(path, name);
    if (digestFile(to)?.digest !== digest)
      throw new BackupError(`${to} cannot be read back as it was written: the disk fails.`);
  }
}

function checkFile(path: string, name: string, digest: string): void {
  if (digestFile(join(path, name))?.digest !== digest) throw damaged(path, name);
}

/** Whether a directory is there and has something in it. */
export function hasEntries(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (!found.isDirectory() || readdirSync(path).length > 0);
}

function readChecksums(path: string): [name: string, digest: string][] {
  const text = readFileSync(join(path, CHECKSUMS), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, digest = '', name = ''] = /^([0-9a-f]{64}) {2}([^/].*)$/.exec(line) ?? [];
      // Nothing of a backup is outside of it.
      if (digest === '' || name.split('/').includes('..'))
        throw new BackupError(`The list of files of the backup ${path} is damaged.`);
      return [name, digest];
    });
}

function damaged(path: string, name: string): BackupError {
  return new BackupError(`The backup ${path} is damaged: ${name} is not what was backed up.`);
}
