import type { JobId } from '../domain/job-id.ts';

export const RECONCILE_VERDICTS = [
  'ADOPTED',
  'FINISHED',
  'LOST',
  'FAILED',
  'REQUEUED',
  'IMPORTED',
  'IGNORED',
] as const;
/** What a start made of one job that it found. */
export type ReconcileVerdict = (typeof RECONCILE_VERDICTS)[number];

export interface ReconciledJob {
  readonly jobId: JobId;
  readonly verdict: ReconcileVerdict;
  /** Whether its row was missing and was made from its directory. */
  readonly imported: boolean;
  /** What was seen, in one sentence. */
  readonly evidence: string;
}

/** That the database was gone, or given up as damaged, and was made anew from the directories. */
export interface Rebuild {
  /** Services that were restored. */
  readonly services: number;
  /** What could not be, one sentence each. */
  readonly notRestored: readonly string[];
}

/** What was found at the start: every job that had not ended, and every directory that the database did not know. */
export interface Reconciliation {
  readonly atMs: number;
  /** Alive, and taken over. */
  readonly adopted: number;
  /** Ended while no server was there; the exit record, or their directory, says how. */
  readonly finished: number;
  /** Ended unseen. */
  readonly lost: number;
  /** The former server died before their programs could start. */
  readonly failed: number;
  /** Waiting as before. */
  readonly requeued: number;
  /** Directories without a row, of whatever state; those that are active are counted once more by what became of them. */
  readonly imported: number;
  /** Directories that are no job's, or cannot be read. Nothing was done to them. */
  readonly ignored: number;
  /** One by one, by ascending id. */
  readonly jobs: readonly ReconciledJob[];
  /** `null` where the database was there. */
  readonly rebuild: Rebuild | null;
}

/** Counts what was found. */
export function reconciliationOf(found: readonly ReconciledJob[], rebuild: Rebuild | null): Reconciliation {
  const count = (verdict: ReconcileVerdict): number => found.filter((job) => job.verdict === verdict).length;
  return {
    atMs: Date.now(),
    adopted: count('ADOPTED'),
    finished: count('FINISHED'),
    lost: count('LOST'),
    failed: count('FAILED'),
    requeued: count('REQUEUED'),
    imported: found.filter((job) => job.imported).length,
    ignored: count('IGNORED'),
    jobs: found.toSorted((a, b) => a.jobId - b.jobId),
    rebuild,
  };
}
