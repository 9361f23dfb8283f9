import type { Endpoint } from './endpoint.ts';
import { JobLogsDocument } from './generated/graphql.ts';
import type { LogOperation, WireEvent } from './job-log-connection.ts';
import { LogFollower, type FollowOptions, type JobLogEvent, type LogPlace } from './log-follower.ts';

export type { FollowState, JobLogEvent } from './log-follower.ts';

export interface FollowJobLogsOptions extends FollowOptions {
  /** The last seq that was seen; the log goes on behind it. Default 0: from the beginning. */
  readonly after?: number | undefined;
}

/** Follows a job's log to its end, as `LogFollower`: each line exactly once, in order, then `LogDone`. */
export class JobLogFollower extends LogFollower {
  constructor(endpoint: Endpoint, jobId: string, { after = 0, ...options }: FollowJobLogsOptions = {}) {
    super(endpoint, new PlaceInJob(jobId, after), options);
  }
}

class PlaceInJob implements LogPlace {
  readonly #jobId: string;
  #lastSeq: number;

  constructor(jobId: string, after: number) {
    this.#jobId = jobId;
    this.#lastSeq = after;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  operation(options: Parameters<LogPlace['operation']>[0]): LogOperation {
    const variables = { jobId: this.#jobId, after: this.#lastSeq, ...options };
    return { query: JobLogsDocument.toString(), variables };
  }

  pass(event: WireEvent): JobLogEvent | undefined {
    const fresh = freshPart(event, this.#lastSeq);
    this.#lastSeq = Math.max(this.#lastSeq, lastSeqOf(event));
    return fresh;
  }

  isEnd({ __typename }: WireEvent): boolean {
    return __typename === 'LogDone';
  }
}

export function lastSeqOf(event: WireEvent): number {
  return event.__typename === 'LogGap' ? event.toSeq : event.lastSeq;
}

/** The part of an event behind `lastSeq`. A resumed stream starts there; one that does not must not give a line twice. */
export function freshPart(event: WireEvent, lastSeq: number): JobLogEvent | undefined {
  switch (event.__typename) {
    case 'LogDone':
      return event;
    case 'LogHeartbeat':
      return undefined;
    case 'LogGap':
      return event.toSeq > lastSeq ? { ...event, fromSeq: Math.max(event.fromSeq, lastSeq + 1) } : undefined;
    case 'LogLines': {
      const lines = event.lines.filter(({ seq }) => seq > lastSeq);
      return lines.length > 0 ? { ...event, lines } : undefined;
    }
  }
}
