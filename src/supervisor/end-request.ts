import type { JobReason } from '../domain/job-status.ts';
import type { CancellationFacts } from '../storage/job-records.ts';
import type { StopCommand } from './stop-command.ts';
import type { TreeTermination } from './tree-termination.ts';

/** Who ends a job, why, and how long it may take. Of several the first counts. */
export interface EndRequest {
  readonly reason: Extract<JobReason, 'CANCEL_REQUESTED' | 'TIMEOUT' | 'LOG_LIMIT' | 'SERVER_STOPPED'>;
  /** Milliseconds between the polite signal and KILL. */
  readonly gracePeriodMs: number;
  /** For people; `null` where it was Lifeline itself. */
  readonly requestedBy: string | null;
  readonly requestedAtMs: number;
}

/**
 * The report of a request as it is stored: the intent before the first signal, then what has become of it so far.
 * @param isContained whether no process of the job can have escaped
 */
export function cancellationFacts(
  request: EndRequest,
  termination: TreeTermination | null,
  stopCommand: StopCommand | null,
  isContained: boolean,
  finishedAtMs: number | null,
): CancellationFacts {
  return {
    ...request,
    killedAtMs: termination?.killedAtMs ?? null,
    finishedAtMs,
    containment: isContained ? 'CONTAINED' : 'BEST_EFFORT',
    processes: termination?.processes ?? [],
    ...(stopCommand !== null && { stopCommand: stopCommand.report }),
  };
}
