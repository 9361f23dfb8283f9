import type { JobDirectory } from '../storage/job-directory.ts';
import type { Doorbell } from './doorbell.ts';
import { readExitRecord, type ExitRecord } from './exit-record.ts';
import { isAlive, type ProcessTable } from './process-table.ts';
import type { JobTree } from './job-tree.ts';
import { signalProcess } from './process-tree.ts';

/** How often the rest of a job is looked at where nothing would ring. */
const POLL_MS = 250;
/** How long the sinks may take to write the rest once nothing of the job lives. */
const DRAIN_LIMIT_MS = 5_000;

/** The server let go of the job; it is not over. */
export class ReleasedError extends Error {
  constructor() {
    super('the server has let go of the job');
    this.name = new.target.name;
  }
}

/** How the shim of a run is seen to live. */
export interface ShimWatch {
  isAlive(): boolean;
  /** For a shim that is not our child: how often to look, in milliseconds. Its exit record is watched; this only notices its death. */
  readonly pollMs?: number;
}

/**
 * Waits for the steps of a job's end: its exit record, its tree, its sinks. It changes nothing but for sinks that
 * something unknown keeps open. Every wait rejects with `ReleasedError` when the server lets go.
 */
export class EndWatch {
  readonly #directory: JobDirectory;
  readonly #table: ProcessTable;
  /** Borrowed; `null` where the identities mean nothing here. */
  readonly #tree: JobTree | null;
  readonly #shim: ShimWatch;
  /** Rung by the directory watch, by the end of the shim, and by requests. */
  readonly #bell: Doorbell;
  readonly #released: AbortSignal;

  constructor(ports: {
    readonly directory: JobDirectory;
    readonly table: ProcessTable;
    readonly tree: JobTree | null;
    readonly shim: ShimWatch;
    readonly bell: Doorbell;
    readonly released: AbortSignal;
  }) {
    this.#directory = ports.directory;
    this.#table = ports.table;
    this.#tree = ports.tree;
    this.#shim = ports.shim;
    this.#bell = ports.bell;
    this.#released = ports.released;
  }

  /** Resolves with the record once it has an end, or once nobody is left who could write one. */
  async end(): Promise<ExitRecord> {
    for (;;) {
      const shimWasAlive = this.#shim.isAlive();
      const record = this.#record();
      if (record.exitStatus !== null || record.aborted) return record;
      if (shimWasAlive) await this.#wait(this.#shim.pollMs);
      else if (await this.#somebodyCouldWrite()) await this.#wait(POLL_MS);
      else return this.#record();
    }
  }

  /** Resolves when two looks in a row find nothing of the tree, or when `isOver` says so after a ring. */
  async treeEnd(isOver: () => boolean): Promise<void> {
    const tree = this.#tree;
    if (tree === null) return;
    for (let emptyLooks = 0; emptyLooks < 2 && !isOver();) {
      if (tree.members(await this.#table.scan()).length === 0) {
        emptyLooks += 1;
        continue;
      }
      emptyLooks = 0;
      await this.#wait(POLL_MS);
    }
  }

  /** Resolves when the sinks have written everything; ends them if something that was not found keeps their pipes open. */
  async drained(): Promise<void> {
    const limitMs = performance.now() + DRAIN_LIMIT_MS;
    while (!this.#record().drained) {
      if (!this.#shim.isAlive() && !(await this.#shimSessionLives())) return;
      if (performance.now() > limitMs) {
        await this.#endSinks();
        return;
      }
      await this.#wait(POLL_MS);
    }
  }

  #record(): ExitRecord {
    return readExitRecord(this.#directory.exitRecordPath);
  }

  async #somebodyCouldWrite(): Promise<boolean> {
    const tree = this.#tree;
    return tree !== null && ((await this.#shimSessionLives()) || isAlive(tree.root.program));
  }

  async #shimSessionLives(): Promise<boolean> {
    return this.#tree !== null && this.#tree.shimSession(await this.#table.scan()).length > 0;
  }

  async #endSinks(): Promise<void> {
    const session = this.#tree?.shimSession(await this.#table.scan()) ?? [];
    for (const process of session) signalProcess(process, 'SIGKILL');
  }

  async #wait(limitMs?: number): Promise<void> {
    await this.#bell.wait(this.#released, limitMs);
    if (this.#released.aborted) throw new ReleasedError();
  }
}
