import type { StreamShape } from '../reader/read-order.ts';

/** A line as the benchmark's own servers know it. */
export interface PlainLine {
  readonly seq: number;
  readonly stream: 'STDOUT';
  readonly text: string;
  readonly at: string;
  readonly atApproximate: false;
  readonly continued: false;
}

/** A subscription to a job's log that is measured. */
export interface BenchDocument {
  readonly name: string;
  readonly query: string;
  /** Without the job's id and the cursor, which are added as `jobId` and `after`. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Where a reader finds the numbers. */
  readonly shape: StreamShape;
  /** What the server answers for lines, key by key in its order: the raw limit sends this, serialised before. */
  result(lines: readonly PlainLine[]): unknown;
}

export function eventText(document: BenchDocument, lines: readonly PlainLine[]): string {
  return `event: next\ndata: ${JSON.stringify(document.result(lines))}\n\n`;
}

export function plainLine(seq: number, text: string, atMs: number): PlainLine {
  return {
    seq,
    stream: 'STDOUT',
    text,
    at: new Date(atMs).toISOString(),
    atApproximate: false,
    continued: false,
  };
}
