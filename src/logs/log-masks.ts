import { existsSync } from 'node:fs';
import { BoundedCache } from '../domain/bounded-cache.ts';
import { SecretsUnavailableError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { loadSpec } from '../storage/job-files.ts';
import { secretsOf } from '../storage/opened-env.ts';
import type { SecretBox } from '../storage/secret-keys.ts';
import { LogMask } from './log-mask.ts';

/** How many jobs' masks are kept: each takes a few times the length of the secrets. */
const MOST_KEPT = 64;

/** By which secrets the log of a job is masked: those that it ran with, whatever its service has got since. */
export interface LogMasks {
  /** `null` where the job has none. @throws SecretsUnavailableError: nobody may read a log that cannot be masked */
  of(directory: JobDirectory): LogMask | null;
}

/** Of logs that nobody masks. */
export const NO_LOG_MASKS: LogMasks = { of: () => null };

/** Reads the secrets from the directories of the jobs. A job without secrets costs a look for a file that is not there. */
export class StoredLogMasks implements LogMasks {
  readonly #box: SecretBox;
  readonly #kept = new BoundedCache<{ readonly mask: LogMask | null }, JobId>(MOST_KEPT);

  /** @param box borrowed */
  constructor(box: SecretBox) {
    this.#box = box;
  }

  of(directory: JobDirectory): LogMask | null {
    if (!existsSync(directory.maskedPath)) return null;
    return this.#kept.getOrMake(directory.jobId, () => ({ mask: this.#read(directory) })).mask;
  }

  #read(directory: JobDirectory): LogMask | null {
    try {
      return LogMask.of(secretsOf(loadSpec(directory).spec.env, this.#box));
    } catch (error) {
      if (error instanceof SecretsUnavailableError) throw error;
      throw new SecretsUnavailableError(
        'The log cannot be shown: what its secrets are is damaged where it is kept.',
        { cause: error },
      );
    }
  }
}
