import type { PeerOptions } from './peer-process.ts';

export interface Peer extends PeerOptions {
  /** With how many readers it is measured. */
  readonly followers: readonly number[];
  /** Of a run: few where each line is an event, many where the first line comes late. */
  readonly minLines?: number;
  /** Lifeline is to be so many times as fast, with these numbers of readers. */
  readonly wanted?: { readonly ratio: number; readonly followers: readonly number[] };
}

const BATCH_LINES = 100;

export const RAW_LIMIT: Peer = { name: 'raw limit', script: 'raw-limit.ts', followers: [1, 10, 100, 1_000] };

export const PEERS: readonly Peer[] = [
  RAW_LIMIT,
  {
    name: 'stock Yoga, line by line',
    script: 'yoga.ts',
    followers: [1, 100, 1_000],
    wanted: { ratio: 10, followers: [100, 1_000] },
    minLines: 100,
  },
  {
    name: `stock Yoga, batches of ${BATCH_LINES}`,
    script: 'yoga.ts',
    linesPerEvent: BATCH_LINES,
    followers: [1, 100, 1_000],
    wanted: { ratio: 4, followers: [100, 1_000] },
  },
  { name: 'graphql-sse, line by line', script: 'graphql-sse.ts', minLines: 100, followers: [1, 100, 1_000] },
  {
    name: `graphql-sse, batches of ${BATCH_LINES}`,
    script: 'graphql-sse.ts',
    linesPerEvent: BATCH_LINES,
    followers: [1, 100, 1_000],
  },
  {
    name: 'supervisord /logtail',
    script: 'supervisord.ts',
    minLines: 100_000,
    followers: [1, 10],
    wanted: { ratio: 3, followers: [1] },
  },
  {
    name: 'pm2 bus',
    script: 'pm2.ts',
    minLines: 100_000,
    followers: [1, 10],
    wanted: { ratio: 3, followers: [1] },
  },
];
