import { rmSync, writeFileSync } from 'node:fs';
import type { PassCheckpoint } from '../domain/checkpoint.ts';
import { ConflictError, JobNotFoundError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import { isFinal, type JobStatus } from '../domain/job-status.ts';
import type { DataDirectory, Tombstone } from '../storage/data-directory.ts';
import { isDiskFull } from '../storage/disk-full.ts';
import type { JobStore } from '../storage/job-store.ts';
import type { RetentionStore } from '../storage/retention-store.ts';
import type { JobChangeBus } from './job-change-bus.ts';
import type { SupervisorLog } from './supervisor-log.ts';

export interface JobRemovalPorts {
  readonly dataDirectory: DataDirectory;
  readonly jobs: JobStore;
  readonly retained: RetentionStore;
  readonly changes: JobChangeBus;
  readonly log: SupervisorLog;
  readonly pass: PassCheckpoint;
  /** Whether something of this server still goes on with the job. */
  readonly isUnderWay: (jobId: JobId) => boolean;
}

/**
 * Takes finished jobs away, and keeps those that are pinned from it.
 *
 * A job goes in this order: its directory becomes a tombstone, which is no job's any more; its row goes; who watches it is
 * told; the tombstone goes. A server that dies between any two of these finishes at its next start, and one that could not
 * remove the row goes on at the next removal. Removals and pins come one after the other, so that what is pinned when
 * `setPinned` resolves stays.
 */
export class JobRemoval {
  readonly #ports: JobRemovalPorts;
  #turn: Promise<unknown> = Promise.resolve();
  /** Tombstones whose rows are still there, since they could not be removed. */
  #unfinished: readonly Tombstone[] = [];

  constructor(ports: JobRemovalPorts) {
    this.#ports = ports;
  }

  /** By hand. @throws JobNotFoundError, ConflictError if it has not ended, or is pinned */
  async delete(jobId: JobId): Promise<void> {
    await this.#inTurn(async () => {
      const row = await this.#ports.jobs.findJob(jobId);
      if (row === null) throw new JobNotFoundError(jobId);
      if (this.#ports.isUnderWay(jobId) || !isFinal(row.status as JobStatus))
        throw new ConflictError(`Job ${String(jobId)} has not ended. Cancel it first, then delete it.`);
      if (row.pinned)
        throw new ConflictError(`Job ${String(jobId)} is pinned. Unpin it first, then delete it.`);
      await this.#take([jobId]);
    });
  }

  /**
   * By retention: those of them that are still finished and not pinned.
   * @returns which went
   */
  async remove(jobIds: readonly JobId[]): Promise<readonly JobId[]> {
    return this.#inTurn(async () => {
      const found = await this.#ports.retained.stillRemovable(jobIds);
      const going = found.filter((jobId) => !this.#ports.isUnderWay(jobId));
      await this.#take(going);
      return going;
    });
  }

  /** Says whether retention leaves the job alone, whether or not it has ended. @throws JobNotFoundError */
  async setPinned(jobId: JobId, pinned: boolean): Promise<void> {
    await this.#inTurn(async () => {
      const { jobs, dataDirectory, changes } = this.#ports;
      if ((await jobs.findJob(jobId)) === null) throw new JobNotFoundError(jobId);
      const { pinPath } = dataDirectory.jobDirectory(jobId);
      if (pinned) writePin(pinPath);
      else rmSync(pinPath, { force: true });
      await jobs.setPinned(jobId, pinned);
      changes.notify(jobId);
    });
  }

  async #take(jobIds: readonly JobId[]): Promise<void> {
    const { dataDirectory, retained, changes, pass } = this.#ports;
    await this.#bury(jobIds);
    pass('JOB_BURIED');
    const tombstones = this.#unfinished;
    if (tombstones.length === 0) return;
    await dataDirectory.settle();
    const buried = tombstones.map(({ jobId }) => jobId);
    try {
      await retained.deleteRows(buried);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      // What is on the disk makes room for what is to be written there. The tombstones stay until the rows are gone.
      for (const tombstone of tombstones) await tombstone.empty();
      await retained.deleteRows(buried);
    }
    this.#unfinished = [];
    pass('JOB_ROW_REMOVED');
    for (const jobId of buried) changes.notify(jobId);
    await Promise.all(tombstones.map((tombstone) => this.#clear(tombstone)));
  }

  /** Together, as `#clear` below: each is some calls of the file system, each of which would wait for a turn of its own. */
  async #bury(jobIds: readonly JobId[]): Promise<void> {
    const buried = await Promise.allSettled(jobIds.map((jobId) => this.#ports.dataDirectory.bury(jobId)));
    for (const result of buried) {
      if (result.status === 'fulfilled') this.#unfinished = [...this.#unfinished, result.value];
    }
    const failed = buried.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #clear(tombstone: Tombstone): Promise<void> {
    try {
      await tombstone.remove();
    } catch (error) {
      const what = 'what is left of a removed job could not be taken away; the next start tries it again';
      this.#ports.log.failure(tombstone.jobId, what, error);
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** So that the pin is known, too, where the database is lost. Without a directory there is nothing to restore. */
function writePin(path: string): void {
  try {
    writeFileSync(path, '', { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
