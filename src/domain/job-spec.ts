import type { EnvEntry } from './env-entry.ts';
import type { JobId } from './job-id.ts';
import type { JobSignal } from './job-signal.ts';
import type { OnEnd } from './job-status.ts';
import type { LogOverflow } from './log-limit.ts';
import type { JobTrigger } from './service-state.ts';

/** Of which service a job is, and of which version of it. */
export interface JobService {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /**
   * Which start of the service it is, where it is kept up: 1, 2, 3 … One number makes one job, whatever happens between.
   * `null` for runs on demand and by schedule.
   */
  readonly run: number | null;
}

/** What a job runs, as it was asked for and completed with defaults. Immutable once the job exists. */
export interface JobSpec {
  /** The argv; for a script `['/bin/sh', '-c', script]`. Never empty. */
  readonly command: readonly string[];
  /** The text that was given to `sh -c`, where the job was started with one. */
  readonly script: string | null;
  /** Absolute path. */
  readonly cwd: string;
  /** The environment entries of the request, without the defaults and the cookie; secrets are sealed. */
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
  /** The polite signal of its end. */
  readonly stopSignal: JobSignal;
  /** The argv of a program that is run instead of it; `null` for none. */
  readonly stopCommand: readonly string[] | null;
  /** Of waiting jobs the one with the highest priority goes first, and of several the oldest. */
  readonly priority: number;
  /** Jobs with the same key do not run more than `concurrencyLimit` at once; `null` for no such limit. */
  readonly concurrencyKey: string | null;
  /** At least 1. Where jobs of one key say differently, each keeps to its own. */
  readonly concurrencyLimit: number;
  /** The cap of its log, streams and index together. */
  readonly maxLogBytes: number;
  /** What becomes of it at the cap. */
  readonly logOverflow: LogOverflow;
  readonly labels: readonly string[];
  readonly requestId: string | null;
  /** The job that this one repeats; `null` for a job of its own. */
  readonly rerunOfId: JobId | null;
  /** 1 for a job of its own, one more for each repeat. */
  readonly attempt: number;
  /** The stored token that asked for it, itself or by a session; `null` for the server's own. */
  readonly tokenId: number | null;
  readonly trigger: JobTrigger;
  /** When it was due, in milliseconds since the Unix epoch: one moment makes one job. `null` but for runs by schedule. */
  readonly dueAtMs: number | null;
  /** `null` for a job that nobody defined before. */
  readonly service: JobService | null;
}
