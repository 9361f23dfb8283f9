import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { JobSpec } from '../domain/job-spec.ts';
import type { JobDirectory } from './job-directory.ts';
import type { TransitionRecord } from './job-store.ts';

/** The version of the layout of a job directory. A newer one is refused, an older one carried over. */
const FORMAT = 1;

/** What a job directory says of its job, whatever became of the database. */
export interface StoredSpec {
  readonly format: number;
  readonly jobId: number;
  readonly requestFingerprint: string | null;
  readonly spec: JobSpec;
}

/**
 * Makes the directory of a new job with its specification and first transition. It is complete once the specification
 * has its name, so that a server that dies half-way leaves no half of a job.
 */
export function createJobFiles(
  directory: JobDirectory,
  spec: JobSpec,
  requestFingerprint: string | null,
  first: TransitionRecord,
): void {
  mkdirSync(directory.path, { mode: 0o700 });
  appendTransition(directory, first);
  const stored: StoredSpec = { format: FORMAT, jobId: directory.jobId, requestFingerprint, spec };
  writeFileSync(`${directory.specPath}.part`, `${JSON.stringify(stored)}\n`, { mode: 0o600 });
  renameSync(`${directory.specPath}.part`, directory.specPath);
}

/**
 * The specification, or `undefined` where the directory has none that can be read: it is the rest of a job that never
 * came to be, or another version's.
 */
export function readSpec(directory: JobDirectory): StoredSpec | undefined {
  try {
    const stored = JSON.parse(readFileSync(directory.specPath, 'utf8')) as StoredSpec;
    return stored.format === FORMAT && stored.jobId === directory.jobId ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** Called before the database hears of the transition. */
export function appendTransition(directory: JobDirectory, transition: TransitionRecord): void {
  mkdirSync(directory.path, { mode: 0o700, recursive: true }); // Somebody may have removed it: the job still ends.
  appendFileSync(directory.transitionsPath, `${JSON.stringify(transition)}\n`, { mode: 0o600 });
}

/** The transitions on file, oldest first. A torn last line is left out. */
export function readTransitions(directory: JobDirectory): TransitionRecord[] {
  if (!existsSync(directory.transitionsPath)) return [];
  return readFileSync(directory.transitionsPath, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as TransitionRecord];
      } catch {
        return [];
      }
    });
}
