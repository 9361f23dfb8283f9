import type { BenchDocument } from './document.ts';

export const ALL_FIELDS: BenchDocument = {
  name: 'all fields',
  query: `subscription Follow($jobId: ID!, $after: SafeInt) {
    jobLogs(jobId: $jobId, after: $after) {
      __typename
      ... on LogLines { jobId lastSeq lines { seq stream text at atApproximate continued } }
      ... on LogGap { jobId fromSeq toSeq reason }
      ... on LogDone { lastSeq endedWithoutNewline job { id status } }
    }
  }`,
  variables: {},
  shape: { kind: 'sse', seqKey: '"seq":', textKey: '"text":"' },
  result: (lines) => ({
    data: { jobLogs: { __typename: 'LogLines', jobId: '1', lastSeq: lines.at(-1)?.seq, lines } },
  }),
};
