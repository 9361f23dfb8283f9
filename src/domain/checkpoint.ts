/**
 * Places between two steps that belong together: what a server that dies exactly there has done, and has not.
 *
 * - `SHIM_SPAWNED`: a program waits at its gate; nobody has recorded who it is.
 * - `IDENTITY_STORED`: it is recorded; the gate is shut.
 * - `GATE_OPENED`: the program runs; the job is not RUNNING yet.
 * - `INDEX_APPENDED`: lines have their numbers; no reader was told.
 * - `BATCH_PUBLISHED`: readers were told.
 * - `LOG_MARKED`: what is to be trimmed of a log is gone for its readers; its bytes are there.
 * - `LOG_TRIMMED`: they are not.
 * - `SINKS_STOPPED`: the sinks of a job are stopped; nobody reads on.
 * - `TRANSITION_WRITTEN`: a step is in the job directory; the database does not have it.
 * - `DATABASE_COMMITTED`: a transaction is durable; whoever waits for it does not know.
 * - `EXIT_SEEN`: the exit record has an end; nothing is swept, drained or stored.
 * - `DATABASE_COPIED`: a start has a copy of the database, or a place for a new one; nothing is migrated.
 * - `COPY_MIGRATED`: the copy is of the newest schema; the database is the former.
 * - `DATABASE_REPLACED`: the copy is the database.
 * - `JOB_RECONCILED`: a start has judged one recorded job, and not the next.
 * - `JOB_BURIED`: a job is being removed; its directory is a tombstone, its row is there.
 * - `JOB_ROW_REMOVED`: its row is gone, and the tombstone is not.
 */
export type Checkpoint =
  | CheckpointOfARun
  | 'LOG_MARKED'
  | 'LOG_TRIMMED'
  | 'SINKS_STOPPED'
  | 'JOB_RECONCILED'
  | CheckpointOfAMigration
  | 'JOB_BURIED'
  | 'JOB_ROW_REMOVED';

/** Those that every run of a job passes. */
export const CHECKPOINTS_OF_A_RUN = [
  'SHIM_SPAWNED',
  'IDENTITY_STORED',
  'GATE_OPENED',
  'INDEX_APPENDED',
  'BATCH_PUBLISHED',
  'TRANSITION_WRITTEN',
  'DATABASE_COMMITTED',
  'EXIT_SEEN',
] as const;
export type CheckpointOfARun = (typeof CHECKPOINTS_OF_A_RUN)[number];

/** Those that a start passes which migrates. */
export const CHECKPOINTS_OF_A_MIGRATION = ['DATABASE_COPIED', 'COPY_MIGRATED', 'DATABASE_REPLACED'] as const;
export type CheckpointOfAMigration = (typeof CHECKPOINTS_OF_A_MIGRATION)[number];

/** Called at every passage, synchronously. A port of the composition root: the product supplies none. */
export type PassCheckpoint = (checkpoint: Checkpoint) => void;

/** The default: nobody watches. */
export const passUnwatched: PassCheckpoint = () => undefined;
