/** The text of a line; with its newline 100 bytes. */
export const TEXT = 'x'.repeat(99);

/** One event of `lineCount` lines, byte for byte as Lifeline would write it for the benchmark's document. */
export function eventText(firstSeq: number, lineCount: number, text: string): string {
  const lines = Array.from({ length: lineCount }, (_, index) => ({
    seq: firstSeq + index,
    stream: 'STDOUT',
    text,
  }));
  const data = { data: { jobLogs: { __typename: 'LogLines', lastSeq: firstSeq + lineCount - 1, lines } } };
  return `event: next\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The subscription that is measured. */
export const FOLLOW = `subscription Follow($jobId: ID!) {
  jobLogs(jobId: $jobId) {
    __typename
    ... on LogLines { lastSeq lines { seq stream text } }
    ... on LogDone { lastSeq }
  }
}`;
