import { InvalidInputError, JobNotFoundError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import { jobIdFrom } from '../domain/written-job-id.ts';
import type { LogGapReason, LogStream } from '../domain/log-line.ts';
import type { FollowEvent } from '../logs/follow.ts';
import type { LogBatch } from '../logs/log-batch.ts';
import type { GraphQLContext } from './context.ts';
import { given } from './given.ts';
import { PayloadSource } from './payload-source.ts';

/** What a reader of `jobLogs` gets, one variant for each member of the union `JobLogEvent`. */
export type JobLogPayload =
  | {
      readonly kind: 'LogLines';
      readonly jobId: JobId;
      readonly batches: readonly LogBatch[];
      readonly lastSeq: number;
    }
  | {
      readonly kind: 'LogGap';
      readonly jobId: JobId;
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly reason: LogGapReason;
    }
  | { readonly kind: 'LogHeartbeat'; readonly jobId: JobId; readonly atMs: number; readonly lastSeq: number }
  | {
      readonly kind: 'LogDone';
      readonly jobId: JobId;
      readonly lastSeq: number;
      readonly endedWithoutNewline: readonly LogStream[];
    };

/** One variant of what a reader of `jobLogs` gets. */
export type JobLogPayloadOf<Kind extends JobLogPayload['kind']> = Extract<JobLogPayload, { kind: Kind }>;

/** The arguments of `jobLogs`, as a client wrote them. */
export interface JobLogsArguments {
  readonly jobId: string;
  readonly after?: number | null | undefined;
  readonly tail?: number | null | undefined;
  readonly streams?: readonly LogStream[] | null | undefined;
  /** Milliseconds. */
  readonly heartbeatMs?: number | null | undefined;
}

/**
 * Follows a job's log. Attached when this returns, without an await before; released by the context's signal.
 *
 * @throws InvalidInputError for `after` together with `tail`
 * @throws JobNotFoundError here or from the first `next()`
 */
export function jobLogEvents(
  { services, signal }: GraphQLContext,
  args: JobLogsArguments,
): PayloadSource<JobLogPayload> {
  const jobId = jobIdFrom(args.jobId);
  const { after, tail, streams, heartbeatMs } = args;
  const position = given({ after, tail });
  if (position.after !== undefined && position.tail !== undefined) {
    throw new InvalidInputError('Give either after or tail, not both.', 'tail');
  }
  const events = services.follow({ jobId, signal, ...position, ...given({ streams, heartbeatMs }) });
  let isKnown = false;
  const known = async (): Promise<void> => {
    if ((await services.jobs.findJob(jobId)) === null) throw new JobNotFoundError(jobId);
    isKnown = true;
  };
  const next = async (): Promise<IteratorResult<JobLogPayload, undefined>> => {
    const event = await events.next();
    return event.done === true ? event : { done: false, value: payloadOf(jobId, event.value) };
  };
  return new PayloadSource<JobLogPayload>({
    signal,
    release: () => void events.return(),
    pull: () => (isKnown ? next() : known().then(next)),
  });
}

/** What a reader gets of it. */
export function payloadOf(jobId: JobId, event: FollowEvent): JobLogPayload {
  switch (event.type) {
    case 'lines':
      return { kind: 'LogLines', jobId, batches: event.batches, lastSeq: event.lastSeq };
    case 'gap':
      return { kind: 'LogGap', jobId, fromSeq: event.fromSeq, toSeq: event.toSeq, reason: event.reason };
    case 'heartbeat':
      return { kind: 'LogHeartbeat', jobId, atMs: event.atMs, lastSeq: event.lastSeq };
    case 'done':
      return {
        kind: 'LogDone',
        jobId,
        lastSeq: event.lastSeq,
        endedWithoutNewline: event.endedWithoutNewline,
      };
  }
}
