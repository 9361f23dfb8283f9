/** What became of one process of a job that was ended. Stored as JSON in the report of a cancellation. */
export interface TerminatedProcess {
  readonly pid: number;
  /** Its command line when it was first seen, for people. */
  readonly command: string;
  /** In the order in which they were sent. */
  readonly signals: readonly string[];
  /** When it was first seen to be gone, in milliseconds since the Unix epoch; `null` for a survivor. */
  readonly goneAtMs: number | null;
}
