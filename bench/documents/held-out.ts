import type { BenchDocument } from './document.ts';

/** Kept apart: not to be used while anything is tuned, so that it shows what was tuned to the other two. */
export const HELD_OUT: BenchDocument = {
  name: 'held-out',
  query: `subscription Unseen($jobId: ID!, $after: SafeInt, $streams: [LogStream!], $withTimes: Boolean!, $bare: Boolean = false) {
    feed: jobLogs(jobId: $jobId, after: $after, streams: $streams, heartbeatMs: 60000) {
      __typename
      ...Progress
      ... on LogLines @skip(if: $bare) {
        entries: lines {
          body: text
          ... on LogLine @include(if: $withTimes) { time: at }
          more: continued
          ...Place
          kind: __typename
        }
      }
    }
  }
  fragment Progress on JobLogEvent {
    ... on LogLines { reached: lastSeq of: jobId }
    ... on LogHeartbeat { at }
    ... on LogDone { reached: lastSeq job { status exitCode labels } }
  }
  fragment Place on LogLine { number: seq from: stream approximate: atApproximate @include(if: $bare) }`,
  variables: { streams: ['STDOUT'], withTimes: true },
  shape: { kind: 'sse', seqKey: '"number":', textKey: '"body":"' },
  result: (lines) => ({
    data: {
      feed: {
        __typename: 'LogLines',
        reached: lines.at(-1)?.seq,
        of: '1',
        entries: lines.map(({ seq, text, at, continued, stream }) => ({
          body: text,
          time: at,
          more: continued,
          number: seq,
          from: stream,
          kind: 'LogLine',
        })),
      },
    },
  }),
};
