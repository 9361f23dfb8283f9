import { accessSync, constants, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseJobId, type JobId } from '../domain/job-id.ts';
import { checkDirectoryFormat } from './directory-format.ts';
import { syncDirectory } from './durable-file.ts';
import { JobDirectory } from './job-directory.ts';
import { narrowModes } from './narrow-modes.ts';
import { StartupError } from './startup-error.ts';

const TOMBSTONE_PREFIX = 'deleted-';
const SECRET_KEY_NAME = 'secret.key';

/** The rest of a deleted job. */
export interface Tombstone {
  readonly jobId: JobId;
  readonly path: string;
  /** Removes what is in it; the tombstone stays. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

/** What the directory of jobs holds. Names that mean neither are nobody's business here. */
export interface JobDirectoryListing {
  /** The ids that have a directory, ascending. */
  readonly jobIds: readonly JobId[];
  /** What a former server had begun to delete. */
  readonly tombstones: readonly Tombstone[];
}

/**
 * The one directory that holds everything the server keeps: database, job directories, lease, token.
 * 0700 for directories and 0600 for files, whatever the umask, and whatever they were before.
 */
export class DataDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the directory if it is missing.
   * @throws StartupError if it cannot be made, read or written; before anything is written if a newer version has written it,
   * and if it is a backup
   */
  static prepare(path: string): DataDirectory {
    const absolute = resolve(path);
    checkDirectoryFormat(absolute);
    try {
      for (const name of ['jobs', 'services', 'backups']) makeDirectory(join(absolute, name));
      accessSync(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
      const real = realpathSync(absolute);
      // The directories of jobs are out of reach with the one that they are in.
      // A key that others could read is refused: what it has sealed may be known.
      for (const directory of [real, join(real, 'backups')]) narrowModes(directory, [SECRET_KEY_NAME]);
      return new DataDirectory(real);
    } catch (error) {
      throw new StartupError(
        `The data directory ${absolute} cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}). ` +
          'Make it writable for this user, or name another one with --data-dir.',
        { cause: error },
      );
    }
  }

  get databasePath(): string {
    return join(this.path, 'lifeline.db');
  }
  get backupsPath(): string {
    return join(this.path, 'backups');
  }
  get jobsPath(): string {
    return join(this.path, 'jobs');
  }
  get servicesPath(): string {
    return join(this.path, 'services');
  }
  get highestJobIdPath(): string {
    return join(this.path, 'highest-job-id');
  }
  /** A file that is there while it is found out whether files can have holes. */
  get holeProbePath(): string {
    return join(this.path, 'hole-probe');
  }
  get highestServiceIdPath(): string {
    return join(this.path, 'highest-service-id');
  }
  /** There while the database is being made anew. */
  get rebuildMarkPath(): string {
    return join(this.path, 'rebuilding');
  }
  get leasePath(): string {
    return join(this.path, 'lease');
  }
  /** By which secrets are encrypted, unless another key is given; made at first need. */
  get secretKeyPath(): string {
    return join(this.path, SECRET_KEY_NAME);
  }
  get tokenPath(): string {
    return join(this.path, 'token');
  }

  jobDirectory(jobId: JobId): JobDirectory {
    return new JobDirectory(this.jobsPath, jobId);
  }

  /**
   * Makes a job's directory a tombstone: from now on it is no job's. The caller brings that to the disk with `settle`, lest a loss of
   * the machine brings the job back, then removes the row, then the tombstone.
   */
  async bury(jobId: JobId): Promise<Tombstone> {
    const tombstone = this.#tombstone(jobId);
    try {
      await rename(this.jobDirectory(jobId).path, tombstone.path);
    } catch (error) {
      // Without a directory there is only the row to remove.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return tombstone;
  }

  /** The names of the directories of jobs are on the disk when this resolves. */
  async settle(): Promise<void> {
    await syncDirectory(this.jobsPath);
  }

  /** Looks once at what is there: on a long history that is much to read, so it does not hold up the event loop. */
  async list(): Promise<JobDirectoryListing> {
    const names = await readdir(this.jobsPath);
    return {
      jobIds: names.flatMap((name) => parseJobId(name) ?? []).sort((a, b) => a - b),
      tombstones: names
        .filter((name) => name.startsWith(TOMBSTONE_PREFIX))
        .flatMap((name) => parseJobId(name.slice(TOMBSTONE_PREFIX.length)) ?? [])
        .map((jobId) => this.#tombstone(jobId)),
    };
  }

  /** Whether a job has been buried: its directory is no job's any more, and its row will go. */
  isBuried(jobId: JobId): boolean {
    return existsSync(this.#tombstone(jobId).path);
  }

  #tombstone(jobId: JobId): Tombstone {
    const path = join(this.jobsPath, `${TOMBSTONE_PREFIX}${String(jobId)}`);
    const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
    const empty = async (): Promise<void> => {
      await remove();
      await mkdir(path, { mode: 0o700 });
    };
    return { jobId, path, empty, remove };
  }
}

/** With its parents. Not Node's `recursive`: where a file system refuses with ENOENT, as /proc does, that one never ends. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  if (!existsSync(dirname(path))) makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // Another server makes it at the same time.
  }
}
