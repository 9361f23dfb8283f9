import type { JobId } from '../domain/job-id.ts';
import type { Outcome } from './outcome.ts';

/** What the supervisor tells whoever runs the server. */
export interface SupervisorLog {
  ended(jobId: JobId, outcome: Outcome): void;
  reconciled(jobId: JobId, verdict: string, evidence: string): void;
  failure(jobId: JobId | null, what: string, error: unknown): void;
}
