import type { Endpoint } from './endpoint.ts';
import { freshPart, lastSeqOf } from './follow-job-logs.ts';
import { ServiceLogsDocument } from './generated/graphql.ts';
import type { LogOperation, WireEvent } from './job-log-connection.ts';
import { LogFollower, type FollowOptions, type JobLogEvent, type LogPlace } from './log-follower.ts';

export interface FollowServiceLogsOptions extends FollowOptions {
  /** A job and the last seq of its log that was seen, such as `17:203`. Default: the beginning of its newest job. */
  readonly after?: { readonly jobId: string; readonly seq: number } | undefined;
}

/**
 * Follows a service from one job to the next, as `LogFollower`: each line exactly once; a `LogDone` ends the log of one job,
 * and that of the next one follows. It has no end but the signal, `return()`, or a refusal, such as that the service is gone.
 */
export class ServiceLogFollower extends LogFollower {
  constructor(endpoint: Endpoint, name: string, { after, ...options }: FollowServiceLogsOptions = {}) {
    super(endpoint, new PlaceInService(name, after), options);
  }
}

class PlaceInService implements LogPlace {
  readonly #name: string;
  #jobId: string | undefined;
  #lastSeq: number;
  /** Whether the end of that job was passed, which a resumed stream tells again. */
  #isDone = false;

  constructor(name: string, after: FollowServiceLogsOptions['after']) {
    this.#name = name;
    this.#jobId = after?.jobId;
    this.#lastSeq = after?.seq ?? 0;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  operation(options: Parameters<LogPlace['operation']>[0]): LogOperation {
    const after = this.#jobId === undefined ? null : `${this.#jobId}:${this.#lastSeq}`;
    return { query: ServiceLogsDocument.toString(), variables: { name: this.#name, after, ...options } };
  }

  pass(event: WireEvent): JobLogEvent | undefined {
    const jobId = event.__typename === 'LogDone' ? event.job.id : event.jobId;
    if (jobId !== this.#jobId) {
      this.#jobId = jobId;
      this.#lastSeq = 0;
      this.#isDone = false;
    }
    const fresh = freshPart(event, this.#lastSeq);
    this.#lastSeq = Math.max(this.#lastSeq, lastSeqOf(event));
    if (event.__typename !== 'LogDone') return fresh;
    if (this.#isDone) return undefined;
    this.#isDone = true;
    return fresh;
  }

  isEnd(): boolean {
    return false;
  }
}
