import type { JobId } from '../../domain/job-id.ts';
import type { Schedule } from '../../domain/service-definition.ts';
import type { PendingRunEnd, SchedulePosition, ScheduleStep } from '../../storage/scheduled-run-records.ts';

/** A service whose schedule is to be kept. */
export interface ScheduledService {
  readonly id: number;
  readonly name: string;
  readonly schedule: Schedule;
}

/** The rows of schedules: ScheduledRunStore, or one in memory. */
export interface ScheduleStore {
  /** Where it stands. Without a position it begins now, and what had been pending is skipped. `null`: there is no such service. */
  open(serviceId: number, nowMs: number): Promise<SchedulePosition | null>;
  /** `false` where the position was another: the service was stopped, or has another schedule, and nothing is stored. */
  step(serviceId: number, step: ScheduleStep): Promise<boolean>;
  /** Nothing where it is not pending any more. */
  settle(serviceId: number, dueAtMs: number, end: PendingRunEnd): Promise<void>;
  skipPending(serviceId: number, why: string): Promise<void>;
  /** The job that a run has become, whether or not its row knows; `null` for none. */
  jobOf(serviceId: number, dueAtMs: number): Promise<JobId | null>;
  /** The jobs of the service that have not ended, oldest first. */
  unfinishedRuns(serviceId: number): Promise<readonly JobId[]>;
}

/** Makes and ends jobs for the scheduler. */
export interface RunStarter {
  /**
   * A job of the service's newest version, with the trigger SCHEDULE and this `dueAtMs`, which the database takes once.
   * @throws LifelineError, ServerStoppingError among them
   */
  startRun(serviceId: number, dueAtMs: number): Promise<JobId>;
  /** Asks for its end; resolves when that is stored. Nothing for a job that has ended. */
  cancelRun(jobId: JobId, requestedBy: string): Promise<void>;
}

/** What the scheduler and the retries tell whoever runs the server. */
export interface SchedulerLog {
  failure(serviceName: string, what: string, error: unknown): void;
}
