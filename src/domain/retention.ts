import type { JobId } from './job-id.ts';

/** How long finished jobs are kept. `null`: no bound. What is over any of the bounds goes, oldest end first. */
export interface RetentionRules {
  /** Milliseconds since the end of a job. */
  readonly maxAgeMs: number | null;
  readonly maxJobs: number | null;
  /** Bytes that the directories of jobs take on the disk. */
  readonly maxBytes: number | null;
}

export const NO_RETENTION_RULES: RetentionRules = { maxAgeMs: null, maxJobs: null, maxBytes: null };

/** A finished job that nobody has pinned and nothing needs any more. */
export interface RemovableJob {
  readonly jobId: JobId;
  /** Milliseconds since the Unix epoch. */
  readonly finishedAtMs: number;
  readonly bytes: number;
}

/** How much there is of finished jobs that nobody has pinned. */
export interface KeptJobs {
  readonly jobs: number;
  readonly bytes: number;
}

/** Which jobs a rule is about: all, those of one service, or those of no service that has an age of its own. */
export type RetentionScope =
  | { readonly kind: 'ALL' }
  | { readonly kind: 'SERVICE'; readonly serviceId: number }
  | { readonly kind: 'OTHERS'; readonly exceptServiceIds: readonly number[] };

export interface ScopedRules {
  readonly scope: RetentionScope;
  readonly rules: RetentionRules;
}

/**
 * What is to be looked at, and in which order. The age of a service takes the place of the server's for its jobs, longer or
 * shorter; its count and bytes bound its own jobs, beside the server's, which bound all.
 */
export function scopesOf(
  server: RetentionRules,
  services: Iterable<{ readonly id: number; readonly retention: RetentionRules }>,
): readonly ScopedRules[] {
  const scopes: ScopedRules[] = [];
  const exceptServiceIds: number[] = [];
  for (const { id, retention } of services) {
    if (hasBound(retention)) scopes.push({ scope: { kind: 'SERVICE', serviceId: id }, rules: retention });
    if (retention.maxAgeMs !== null) exceptServiceIds.push(id);
  }
  const { maxAgeMs } = server;
  if (maxAgeMs !== null)
    scopes.push({ scope: { kind: 'OTHERS', exceptServiceIds }, rules: { ...NO_RETENTION_RULES, maxAgeMs } });
  const ofAll = { ...server, maxAgeMs: null };
  if (hasBound(ofAll)) scopes.push({ scope: { kind: 'ALL' }, rules: ofAll });
  return scopes;
}

/**
 * Which of the oldest go: from the front, as long as what is left is over a bound.
 * @param oldest the removable jobs of the scope by their ends, oldest first, or as many of them as are to go at once
 * @param kept all of the scope, those included that something needs
 */
export function jobsToRemove<Job extends RemovableJob>(
  oldest: readonly Job[],
  kept: KeptJobs,
  { maxAgeMs, maxJobs, maxBytes }: RetentionRules,
  nowMs: number,
): readonly Job[] {
  let { jobs, bytes } = kept;
  const staying = oldest.findIndex((job) => {
    const isOver =
      (maxAgeMs !== null && nowMs - job.finishedAtMs > maxAgeMs) ||
      (maxJobs !== null && jobs > maxJobs) ||
      (maxBytes !== null && bytes > maxBytes);
    jobs -= 1;
    bytes -= job.bytes;
    return !isOver;
  });
  return staying === -1 ? oldest : oldest.slice(0, staying);
}

function hasBound({ maxAgeMs, maxJobs, maxBytes }: RetentionRules): boolean {
  return maxAgeMs !== null || maxJobs !== null || maxBytes !== null;
}
