export const QUEUE_REASONS = [
  'SERVER_LIMIT',
  'AHEAD_IN_QUEUE',
  'CONCURRENCY_LIMIT',
  'DISK_LOW',
  'SERVER_STOPPING',
] as const;
/** What keeps a job in the queue. */
export type QueueReason = (typeof QUEUE_REASONS)[number];

/** Where a waiting job stands, at one moment. */
export interface JobQueuePlace {
  /** 1 for the first of all that wait, those included that are passed over. */
  readonly position: number;
  readonly reason: QueueReason;
  /** One sentence for people. */
  readonly message: string;
}
