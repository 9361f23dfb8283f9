import type { JobId } from './job-id.ts';
import type { OnEnd } from './job-status.ts';

export interface EnvEntry {
  readonly name: string;
  readonly value: string;
}

/** What a job runs, as it was asked for and completed with defaults. Immutable once the job exists. */
export interface JobSpec {
  /** The argv; for a script `['/bin/sh', '-c', script]`. Never empty. */
  readonly command: readonly string[];
  /** The text that was given to `sh -c`, where the job was started with one. */
  readonly script: string | null;
  /** Absolute path. */
  readonly cwd: string;
  /** The environment entries of the request, without the defaults and the cookie. */
  readonly env: readonly EnvEntry[];
  /** Text on the program's standard input; `null` is an immediate end of file. */
  readonly stdin: string | null;
  /** Whether the program is asked not to buffer its output (stdbuf, PYTHONUNBUFFERED). */
  readonly unbuffered: boolean;
  /** Milliseconds from start to a forced end; `null` for none. */
  readonly timeoutMs: number | null;
  /** Milliseconds between the polite signal and SIGKILL. */
  readonly gracePeriodMs: number;
  readonly onEnd: OnEnd;
  readonly labels: readonly string[];
  readonly requestId: string | null;
  /** The job that this one repeats; `null` for a job of its own. */
  readonly rerunOfId: JobId | null;
  /** 1 for a job of its own, one more for each repeat. */
  readonly attempt: number;
  /** The stored token that asked for it, itself or by a session; `null` for the server's own. */
  readonly tokenId: number | null;
}
