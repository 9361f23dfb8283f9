import { readFileSync } from 'node:fs';
import type { FollowJobLogsOptions, JobLogEvent } from '../client/client.ts';
import { endpointOf, type Endpoint, type Fetch, type FetchResponse } from '../client/endpoint.ts';
import { LifelineConnectionError } from '../client/errors.ts';
import type { FollowServiceLogsOptions } from '../client/follow-service-logs.ts';
import { execute, type ExecuteOptions, type TypedDocument } from '../client/execute.ts';
import { addressOf, chooseServer, currentPointer, type ChosenServer } from './choose-server.ts';
import { CliError } from './cli-error.ts';
import { formatDuration } from '../domain/duration.ts';
import { nodeFetch } from './node-fetch.ts';

// Why not `createLifelineClient`: it brings all that following needs, half of the time in which `lifeline ps` is done.

/** A server to speak to. It holds nothing open. */
export interface Connection {
  /** Absolute, ends in a slash. */
  readonly url: string;
  /** Whether it is reached over a unix socket, so that its URL means nothing to a browser. */
  readonly isOverSocket: boolean;
  /** Whether the server left a pointer on this machine, so that paths mean the same to it. */
  readonly isLocal: boolean;
  /** As `LifelineClient.execute`, and gives up when its time has passed. @throws AnswerTimeoutError, too */
  execute<TResult, TVariables>(
    document: TypedDocument<TResult, TVariables>,
    variables: TVariables,
    options?: ConnectionExecuteOptions,
  ): Promise<TResult>;
  /** As `LifelineClient.followJobLogs`. */
  followJobLogs(
    jobId: string,
    options?: FollowJobLogsOptions,
  ): Promise<AsyncIterableIterator<JobLogEvent, undefined>>;
  /** As `ServiceLogFollower`. */
  followServiceLogs(
    name: string,
    options?: FollowServiceLogsOptions,
  ): Promise<AsyncIterableIterator<JobLogEvent, undefined>>;
  /** Posts a JSON document to a path of the server, with the credential. Rejects as `Fetch`. @throws AnswerTimeoutError, too */
  post(path: string, body: unknown): Promise<FetchResponse>;
}

export interface ConnectionExecuteOptions extends ExecuteOptions {
  /** Milliseconds that the server itself waits before it answers, on top of what an answer takes. Default: 0. */
  readonly serverWaitsMs?: number;
}

/** The server took the connection, or seemed to, and gave no answer in time. A mutation may have happened. */
export class AnswerTimeoutError extends LifelineConnectionError {
  constructor(limitMs: number) {
    super(`The server gave no answer within ${formatDuration(limitMs)}. It may be stopped or overloaded.`);
  }
}

export interface ConnectOptions {
  /** Default: see `chooseServer`. */
  readonly url: string | undefined;
  /** File with the certificates of further authorities (PEM). Default: LIFELINE_CA_FILE. */
  readonly caFile: string | undefined;
  /** Milliseconds to wait for the answer to a request; following a log is none. */
  readonly requestTimeoutMs: number;
}

/**
 * Finds the server (see `chooseServer`) and its token: LIFELINE_TOKEN, else the file that the server’s pointer names.
 * A server with a pointer is found again where it comes back on another port, and known by its certificate.
 * @throws CliError if there is no server to choose, or its token or the authorities cannot be read or sent
 */
export function connect(
  { url, caFile, requestTimeoutMs }: ConnectOptions,
  environment: NodeJS.ProcessEnv,
  directory: string,
): Connection {
  const server = chooseServer(url, environment, directory);
  const { pointer } = server;
  const authorities = authoritiesIn(caFile ?? environment['LIFELINE_CA_FILE'] ?? '');
  const fetchCurrent: Fetch = (address, request) => {
    if (pointer === undefined)
      return nodeFetch({ socketPath: server.socketPath, authorities })(address, request);
    const { url: currentUrl, socketPath, certificate } = currentPointer(pointer, environment);
    const isOverSocket = server.socketPath !== undefined && socketPath !== null;
    const current = addressOf(isOverSocket ? `unix:${socketPath}` : currentUrl);
    // Who names authorities wants to know more than that it is the server of the pointer.
    const knownBy = authorities === undefined ? { certificate: certificate ?? undefined } : { authorities };
    const fetch = nodeFetch({ socketPath: current.socketPath, ...knownBy });
    return fetch(address.replace(server.url, current.url), request);
  };
  const endpoint = endpointFor(server.url, tokenFor(server, environment), fetchCurrent);
  return {
    url: server.url,
    isOverSocket: server.socketPath !== undefined,
    isLocal: pointer !== undefined,
    execute: (document, variables, { signal, serverWaitsMs = 0 } = {}) =>
      inTime(requestTimeoutMs + serverWaitsMs, signal, (limited) =>
        execute(endpoint, document, variables, { signal: limited }),
      ),
    followJobLogs: async (jobId, options) => {
      const { JobLogFollower } = await import('../client/follow-job-logs.ts');
      return new JobLogFollower(endpoint, jobId, options);
    },
    followServiceLogs: async (name, options) => {
      const { ServiceLogFollower } = await import('../client/follow-service-logs.ts');
      return new ServiceLogFollower(endpoint, name, options);
    },
    post: (path, body) =>
      inTime(requestTimeoutMs, undefined, (signal) =>
        fetchCurrent(new URL(path, server.url).href, {
          method: 'POST',
          headers: { ...endpoint.headers, 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal,
        }),
      ),
  };
}

async function inTime<Result>(
  limitMs: number,
  signal: AbortSignal | undefined,
  request: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await request(signal === undefined ? limit : AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted && signal?.aborted !== true) throw new AnswerTimeoutError(limitMs);
    throw error;
  }
}

function endpointFor(url: string, token: string | undefined, fetchCurrent: Fetch): Endpoint {
  try {
    return endpointOf({ url, token, fetch: fetchCurrent });
  } catch (cause) {
    throw new CliError('The token cannot be sent: it has characters that no token has.', { cause });
  }
}

function tokenFor({ pointer }: ChosenServer, environment: NodeJS.ProcessEnv): string | undefined {
  const given = environment['LIFELINE_TOKEN'];
  if (given !== undefined && given !== '') return given;
  const path = pointer?.tokenFile ?? undefined;
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new CliError(
      `The token file ${path} cannot be read (${code}). Put the token into LIFELINE_TOKEN.`,
      {
        cause,
      },
    );
  }
}

function authoritiesIn(path: string): string | undefined {
  if (path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new CliError(
      `The certificates in ${path} cannot be read (${code}). Name another file with --ca-file.`,
      {
        cause,
      },
    );
  }
}
