export const LOG_STREAMS = ['STDOUT', 'STDERR'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/** One line of a job's log, as readers see it. */
export interface LogLine {
  /** 1, 2, 3 … within the job, over both streams; no gaps, never reassigned. */
  readonly seq: number;
  readonly stream: LogStream;
  /** UTF-8 with invalid bytes replaced by U+FFFD, without its line end. */
  readonly text: string;
  /** When the server read it, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** True where the line was read long after it was written: the server was away. */
  readonly atApproximate: boolean;
  /** True where no newline ended this piece and the next line of its stream goes on with it. */
  readonly continued: boolean;
}

export const LOG_GAP_REASONS = ['TRIMMED', 'RETENTION', 'DAMAGED'] as const;
export type LogGapReason = (typeof LOG_GAP_REASONS)[number];
