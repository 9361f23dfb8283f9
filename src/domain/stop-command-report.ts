/** What became of the stop command of a job that was ended. Stored as JSON in the report of a cancellation. */
export interface StopCommandReport {
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** `null` while it runs, and where nobody saw its end. */
  readonly finishedAtMs: number | null;
  /** `null` where it has none: it runs, was killed, or could not be started. */
  readonly exitCode: number | null;
  /** What happened, in one sentence; `null` while it runs. */
  readonly message: string | null;
}
