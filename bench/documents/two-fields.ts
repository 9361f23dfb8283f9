import type { BenchDocument } from './document.ts';

export const TWO_FIELDS: BenchDocument = {
  name: 'two fields',
  query: `subscription Follow($jobId: ID!, $after: SafeInt) {
    log: jobLogs(jobId: $jobId, after: $after) { ...News }
  }
  fragment News on JobLogEvent {
    kind: __typename
    ... on LogLines { rows: lines { ...Row } upTo: lastSeq }
    ... on LogDone { upTo: lastSeq }
  }
  fragment Row on LogLine { n: seq words: text }`,
  variables: {},
  shape: { kind: 'sse', seqKey: '"n":', textKey: '"words":"' },
  result: (lines) => ({
    data: {
      log: {
        kind: 'LogLines',
        rows: lines.map(({ seq, text }) => ({ n: seq, words: text })),
        upTo: lines.at(-1)?.seq,
      },
    },
  }),
};
