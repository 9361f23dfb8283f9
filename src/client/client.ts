import { endpointOf, type EndpointOptions } from './endpoint.ts';
import { execute, type ExecuteOptions, type TypedDocument } from './execute.ts';
import { JobLogFollower, type FollowJobLogsOptions, type JobLogEvent } from './follow-job-logs.ts';
import { ServiceLogFollower, type FollowServiceLogsOptions } from './follow-service-logs.ts';
import {
  CancelJobDocument,
  StartJobDocument,
  type JobFieldsFragment,
  type StartJobInput,
} from './generated/graphql.ts';

/** A job as the client's own operations give it. Ask for more with a document of your own and `execute`. */
export type Job = JobFieldsFragment;

export interface CancelJobOptions extends ExecuteOptions {
  /** Milliseconds between the polite signal and SIGKILL; 0 kills now. Default: the job's own. */
  readonly gracePeriodMs?: number | undefined;
}

/**
 * The typed client of a Lifeline server, for Node and browsers. It holds nothing: no connection, no timer, until a call
 * needs one, and each call releases its own.
 */
export interface LifelineClient {
  /**
   * Runs one query or mutation, once.
   * @throws LifelineRequestError for a coded answer, LifelineConnectionError for none, the signal's reason when it aborts
   */
  execute<TResult, TVariables>(
    document: TypedDocument<TResult, TVariables>,
    variables: TVariables,
    options?: ExecuteOptions,
  ): Promise<TResult>;

  /**
   * Starts a job; resolves when it exists, not when it runs. Not tried again: give a `requestId`, and a repeat after a
   * lost answer returns the first job instead of starting a second one.
   * @throws as execute
   */
  startJob(input: StartJobInput, options?: ExecuteOptions): Promise<Job>;

  /**
   * Asks for the end of a job; resolves when the intent is stored, not when the job has ended. A finished job is
   * returned unchanged.
   * @throws as execute
   */
  cancelJob(jobId: string, options?: CancelJobOptions): Promise<Job>;

  /**
   * Follows a job's log to its end through any number of reconnects: each line once, in order, then one `LogDone`.
   * Leaving the loop, `return()` and the signal release it at once; after the signal the iteration ends quietly.
   * @throws LifelineRequestError from `next()`, for a coded refusal; nothing else ends it before `LogDone`
   */
  followJobLogs(jobId: string, options?: FollowJobLogsOptions): AsyncIterableIterator<JobLogEvent, undefined>;

  /**
   * Follows a service from the log of one job to that of the next: each line once, a `LogDone` after each job. It has no
   * end but the leaving of the loop, `return()` and the signal, all of which release it at once.
   * @throws LifelineRequestError from `next()`, for a coded refusal, such as that the service is gone
   */
  followServiceLogs(
    name: string,
    options?: FollowServiceLogsOptions,
  ): AsyncIterableIterator<JobLogEvent, undefined>;
}

/** @throws TypeError if `url` is not absolute, or the token cannot be a header */
export function createLifelineClient(options: EndpointOptions): LifelineClient {
  const endpoint = endpointOf(options);
  return {
    execute: (document, variables, executeOptions) => execute(endpoint, document, variables, executeOptions),
    startJob: async (input, executeOptions) =>
      (await execute(endpoint, StartJobDocument, { input }, executeOptions)).startJob,
    cancelJob: async (jobId, { gracePeriodMs, signal } = {}) =>
      (await execute(endpoint, CancelJobDocument, { jobId, gracePeriodMs }, { signal })).cancelJob,
    followJobLogs: (jobId, followOptions) => new JobLogFollower(endpoint, jobId, followOptions),
    followServiceLogs: (name, followOptions) => new ServiceLogFollower(endpoint, name, followOptions),
  };
}

export { LifelineConnectionError, LifelineRequestError } from './errors.ts';
export type { EndpointOptions } from './endpoint.ts';
export type { ExecuteOptions, TypedDocument } from './execute.ts';
export type { FollowJobLogsOptions, FollowState, JobLogEvent } from './follow-job-logs.ts';
export type { FollowServiceLogsOptions } from './follow-service-logs.ts';
export {
  CancelJobDocument,
  FindJobDocument,
  JobLogsDocument,
  StartJobDocument,
} from './generated/graphql.ts';
export type * from './generated/graphql.ts';
