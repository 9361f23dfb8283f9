import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import type { JobId } from '../domain/job-id.ts';
import { isLegalTransition, type JobReason, type JobStatus } from '../domain/job-status.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { syncFile } from '../storage/durable-file.ts';
import { writeIdentity, type StoredIdentity } from '../storage/identity-file.ts';
import type { CancellationFacts, JobFacts, StepRecord } from '../storage/job-records.ts';
import type { JobStore } from '../storage/job-store.ts';
import { appendTransition } from '../storage/transition-file.ts';
import type { JobChangeBus } from './job-change-bus.ts';
import type { SupervisorLog } from './supervisor-log.ts';
import { untilStored } from './until-stored.ts';

/** A step that the table of the job's life does not have. */
export class IllegalTransitionError extends Error {
  constructor(jobId: JobId, from: JobStatus, to: JobStatus) {
    super(`job ${String(jobId)} cannot go from ${from} to ${to}`);
    this.name = new.target.name;
  }
}

/** Why a step is taken, and what is stored with it. */
export interface Step {
  readonly reason: JobReason;
  /** Who or what caused it, in one sentence. */
  readonly cause?: string | null;
  readonly facts?: JobFacts;
  readonly cancellation?: CancellationFacts;
  /** Given on the way to STARTING: the entry of the active map. */
  readonly active?: { readonly cookie: string; readonly host: HostIdentity };
}

export interface JobLifePorts {
  readonly directory: JobDirectory;
  readonly jobs: JobStore;
  readonly changes: JobChangeBus;
  /** Aborts when the server lets go of its jobs. */
  readonly released: AbortSignal;
  readonly log: SupervisorLog;
  readonly pass?: PassCheckpoint;
}

/**
 * The status of one job, and its way into directory and database.
 *
 * A step is decided here at once, so that the first cause wins; it is written in the order in which it was decided:
 * job directory, database, then who waits for a change is told.
 */
export class JobLife {
  readonly jobId: JobId;
  readonly #directory: JobDirectory;
  readonly #jobs: JobStore;
  readonly #changes: JobChangeBus;
  readonly #released: AbortSignal;
  readonly #log: SupervisorLog;
  readonly #pass: PassCheckpoint;
  #status: JobStatus;
  #number: number;
  #written: Promise<void> = Promise.resolve();
  #report: CancellationFacts | undefined;

  /** @param transitionCount how many transitions the job has had */
  constructor(jobId: JobId, ports: JobLifePorts, status: JobStatus, transitionCount: number) {
    this.jobId = jobId;
    this.#directory = ports.directory;
    this.#jobs = ports.jobs;
    this.#changes = ports.changes;
    this.#released = ports.released;
    this.#log = ports.log;
    this.#pass = ports.pass ?? passUnwatched;
    this.#status = status;
    this.#number = transitionCount;
  }

  get status(): JobStatus {
    return this.#status;
  }

  /**
   * Resolves when the step is stored, however long that cannot be done.
   * @throws IllegalTransitionError at once, and nothing has changed; the last error when the server lets go first
   */
  async advance(to: JobStatus, step: Step): Promise<void> {
    const from = this.#status;
    if (!isLegalTransition(from, to)) throw new IllegalTransitionError(this.jobId, from, to);
    this.#status = to;
    this.#number += 1;
    const record: StepRecord = {
      number: this.#number,
      from,
      to,
      atMs: Date.now(),
      reason: step.reason,
      cause: step.cause ?? null,
      facts: step.facts,
      cancellation: step.cancellation,
      active: step.active,
    };
    return this.#write(async () => {
      await this.#untilStored(() => {
        appendTransition(this.#directory, record);
      });
      await this.#settle();
      this.#pass('TRANSITION_WRITTEN');
      await this.#untilStored(() => this.#jobs.advance(this.jobId, record));
    });
  }

  /**
   * Stores what has become of a cancellation so far, after the steps that were decided before. Reports that come faster
   * than they can be written are conflated; one that cannot be written is left to the next.
   */
  reportCancellation(facts: CancellationFacts): void {
    const isWaiting = this.#report !== undefined;
    this.#report = facts;
    if (isWaiting) return;
    this.#write(async () => {
      const report = this.#report;
      this.#report = undefined;
      if (report !== undefined) await this.#jobs.reportCancellation(this.jobId, report);
    }).catch((error: unknown) => {
      this.#log.failure(this.jobId, 'the report of a cancellation could not be stored yet', error);
    });
  }

  /** Says who the processes are, before the gate opens. @throws whatever keeps it from being stored, at once: nothing runs yet */
  async recordIdentity(identity: StoredIdentity): Promise<void> {
    writeIdentity(this.#directory, identity);
    await this.#jobs.recordIdentity(this.jobId, identity);
  }

  /** On the disk before the database, which syncs each of its own: else a loss of the machine would leave the directory behind. */
  async #settle(): Promise<void> {
    try {
      await syncFile(this.#directory.transitionsPath);
    } catch (error) {
      this.#log.failure(
        this.jobId,
        'a step of the job is written down, and may be lost with the machine',
        error,
      );
    }
  }

  async #untilStored(write: () => void | Promise<void>): Promise<void> {
    await untilStored(write, this.#released, (error) => {
      this.#log.failure(this.jobId, 'a step of the job could not be stored yet; it is tried again', error);
    });
  }

  async #write(work: () => Promise<void>): Promise<void> {
    const turn = this.#written.then(work).then(() => {
      this.#changes.notify(this.jobId);
    });
    this.#written = turn.catch(() => undefined);
    return turn;
  }
}
