import { accessSync, chmodSync, constants, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseJobId, type JobId } from '../domain/job-id.ts';
import { JobDirectory } from './job-directory.ts';
import { StartupError } from './startup-error.ts';

/**
 * The one directory that holds everything the server keeps: database, job directories, lease, token.
 * 0700 for directories and 0600 for files, whatever the umask.
 */
export class DataDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the directory if it is missing.
   * @throws StartupError if it cannot be made, read or written.
   */
  static prepare(path: string): DataDirectory {
    const absolute = resolve(path);
    try {
      mkdirSync(join(absolute, 'jobs'), { recursive: true, mode: 0o700 });
      mkdirSync(join(absolute, 'backups'), { recursive: true, mode: 0o700 });
      accessSync(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
      const real = realpathSync(absolute);
      for (const directory of [real, join(real, 'jobs'), join(real, 'backups')]) chmodSync(directory, 0o700);
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
  get highestJobIdPath(): string {
    return join(this.path, 'highest-job-id');
  }
  get leasePath(): string {
    return join(this.path, 'lease');
  }
  get tokenPath(): string {
    return join(this.path, 'token');
  }

  jobDirectory(jobId: JobId): JobDirectory {
    return new JobDirectory(this.jobsPath, jobId);
  }

  /** The ids that have a directory, ascending. */
  jobIds(): JobId[] {
    return readdirSync(this.jobsPath)
      .flatMap((name) => parseJobId(name) ?? [])
      .sort((a, b) => a - b);
  }
}
