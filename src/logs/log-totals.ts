import type { LogStream } from '../domain/log-line.ts';

/** How much of a job's log has been numbered. */
export interface LogTotals {
  /** The highest seq given; 0 where there is no line yet. */
  readonly lastSeq: number;
  readonly stdoutLines: number;
  readonly stderrLines: number;
  /** Bytes of the stream's file that are in numbered lines. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** The streams whose last numbered line has no newline (yet, while the job runs). */
  readonly endedWithoutNewline: readonly LogStream[];
}
