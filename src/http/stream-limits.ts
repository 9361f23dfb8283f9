import { PING_MS } from './event-stream.ts';

/** What bounds the event streams of single connection mode. */
export interface StreamLimits {
  /** Operations that run at once on one stream. */
  readonly maxOperations: number;
  /** How long a reservation waits for its stream to be opened. */
  readonly openWithinMs: number;
  /** How long it waits for the stream to be opened again after that has closed. */
  readonly reopenWithinMs: number;
  /** Silence after which a comment goes out, below the idle limits of usual proxies. */
  readonly pingMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  maxOperations: 100,
  openWithinMs: 30_000,
  reopenWithinMs: 10_000,
  pingMs: PING_MS,
};
