/** How far a log reaches at one moment. */
export interface LogExtent {
  /** Bytes of the files, numbered or not. */
  readonly stdoutSize: number;
  readonly stderrSize: number;
  /** Bytes of them that are not numbered. */
  readonly backlogBytes: number;
  /** Of the index. */
  readonly recordCount: number;
}
