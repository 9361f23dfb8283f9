import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isSealed, type EnvEntry } from '../domain/env-entry.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { JOB_SIGNALS } from '../domain/job-signal.ts';
import { LOG_OVERFLOWS, NO_LOG_CAP } from '../domain/log-limit.ts';
import { ON_END_POLICIES } from '../domain/job-status.ts';
import { JOB_TRIGGERS } from '../domain/service-state.ts';
import { syncDirectory, syncFile } from './durable-file.ts';
import type { JobDirectory } from './job-directory.ts';
import type { TransitionRecord } from './job-records.ts';
import { createSeqMark } from './seq-mark.ts';
import { appendTransition } from './transition-file.ts';

/** The version of the layout of a job directory. A newer one is refused, an older one carried over. */
const FORMAT = 1;

/** What a job directory says of its job, whatever became of the database. */
export interface StoredSpec {
  readonly format: number;
  readonly jobId: number;
  readonly requestFingerprint: string | null;
  readonly spec: JobSpec;
}

const envEntry = z.union([
  z.object({ name: z.string(), value: z.string() }),
  z.object({ name: z.string(), sealed: z.string() }),
]) satisfies z.ZodType<EnvEntry>;
const spec = z.object({
  command: z.array(z.string()).nonempty(),
  script: z.string().nullable(),
  cwd: z.string(),
  env: z.array(envEntry),
  stdin: z.string().nullable(),
  unbuffered: z.boolean(),
  timeoutMs: z.number().nullable(),
  gracePeriodMs: z.number(),
  onEnd: z.enum(ON_END_POLICIES),
  labels: z.array(z.string()),
  requestId: z.string().nullable(),
  rerunOfId: z.int().nullable(),
  attempt: z.int(),
  // Not in the files of versions that knew one token only.
  tokenId: z.int().nullable().default(null),
  // Nor these in those of versions without services.
  stopSignal: z.enum(JOB_SIGNALS).default('SIGTERM'),
  stopCommand: z.array(z.string()).nullable().default(null),
  priority: z.int().default(0),
  concurrencyKey: z.string().nullable().default(null),
  concurrencyLimit: z.int().positive().default(1),
  trigger: z.enum(JOB_TRIGGERS).default('REQUEST'),
  dueAtMs: z.int().nullable().default(null),
  service: z
    .object({ id: z.int(), name: z.string(), version: z.int(), run: z.int().nullable() })
    .nullable()
    .default(null),
  // Nor these in those of versions whose logs had no cap.
  maxLogBytes: z.int().positive().default(NO_LOG_CAP),
  logOverflow: z.enum(LOG_OVERFLOWS).default('TRIM'),
}) satisfies z.ZodType<JobSpec>;
const anyFormat = z.object({ format: z.int() });
const storedSpec = z.object({
  format: z.literal(FORMAT),
  jobId: z.int(),
  requestFingerprint: z.string().nullable(),
  spec,
}) satisfies z.ZodType<StoredSpec>;

/** A directory that cannot be a job of this server. Its message is one sentence that says why. */
export class JobDirectoryUnreadableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * Makes the directory of a new job with its specification, its first transition and the first of its numbers. It is complete once the
 * specification has its name, so that a server that dies half-way leaves no half of a job; it is on the disk when this resolves.
 */
export async function createJobFiles(
  directory: JobDirectory,
  jobSpec: JobSpec,
  requestFingerprint: string | null,
  first: TransitionRecord,
): Promise<void> {
  const { path, specPath, transitionsPath, seqMarkPath } = directory;
  const part = `${specPath}.part`;
  mkdirSync(path, { mode: 0o700 });
  appendTransition(directory, first);
  if (jobSpec.env.some(isSealed)) writeFileSync(directory.maskedPath, '', { mode: 0o600 });
  createSeqMark(directory);
  const stored: StoredSpec = { format: FORMAT, jobId: directory.jobId, requestFingerprint, spec: jobSpec };
  writeFileSync(part, `${JSON.stringify(stored)}\n`, { mode: 0o600 });
  await Promise.all([transitionsPath, seqMarkPath, part].map(syncFile));
  renameSync(part, specPath);
  await Promise.all([path, dirname(path)].map(syncDirectory));
}

/** The specification. @throws JobDirectoryUnreadableError */
export function loadSpec(directory: JobDirectory): StoredSpec {
  const found = readJson(directory);
  const { data: version } = anyFormat.safeParse(found);
  if (version !== undefined && version.format !== FORMAT) {
    throw new JobDirectoryUnreadableError(
      `it has format ${String(version.format)}, and this version of Lifeline reads ${String(FORMAT)}`,
    );
  }
  const { data: stored, error } = storedSpec.safeParse(found);
  if (stored === undefined)
    throw new JobDirectoryUnreadableError('its specification is damaged', { cause: error });
  if (stored.jobId !== directory.jobId)
    throw new JobDirectoryUnreadableError(`its specification is that of job ${String(stored.jobId)}`);
  return stored;
}

/** The specification, or `undefined` where there is none that can be read. */
export function readSpec(directory: JobDirectory): StoredSpec | undefined {
  try {
    return loadSpec(directory);
  } catch {
    return undefined;
  }
}

function readJson(directory: JobDirectory): unknown {
  let text: string;
  try {
    text = readFileSync(directory.specPath, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new JobDirectoryUnreadableError(
      code === 'ENOENT' ? 'it has no specification' : `its specification cannot be read (${code})`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new JobDirectoryUnreadableError('its specification is damaged', { cause: error });
  }
}
