import type { JobId } from '../domain/job-id.ts';
import type { LogAnomaly } from '../logs/errors.ts';
import type { Outcome } from './outcome.ts';

/** What the supervisor tells whoever runs the server. */
export interface SupervisorLog {
  ended(jobId: JobId, outcome: Outcome): void;
  reconciled(jobId: JobId, verdict: string, evidence: string): void;
  /** Something is wrong with the files of a job's log. */
  anomaly(jobId: JobId, anomaly: LogAnomaly): void;
  failure(jobId: JobId | null, what: string, error: unknown): void;
}
