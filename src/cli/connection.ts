import { readFileSync } from 'node:fs';
import type { FollowJobLogsOptions, JobLogEvent } from '../client/client.ts';
import { endpointOf, type Endpoint } from '../client/endpoint.ts';
import { execute, type ExecuteOptions, type TypedDocument } from '../client/execute.ts';
import { chooseServer, currentUrl, type ChosenServer } from './choose-server.ts';
import { CliError } from './cli-error.ts';

// Why not `createLifelineClient`: it brings all that following needs, half of the time in which `lifeline ps` is done.

/** A server to speak to. It holds nothing open. */
export interface Connection {
  /** Absolute, ends in a slash. */
  readonly url: string;
  /** Whether the server left a pointer on this machine, so that paths mean the same to it. */
  readonly isLocal: boolean;
  /** As `LifelineClient.execute`. */
  execute<TResult, TVariables>(
    document: TypedDocument<TResult, TVariables>,
    variables: TVariables,
    options?: ExecuteOptions,
  ): Promise<TResult>;
  /** As `LifelineClient.followJobLogs`. */
  followJobLogs(
    jobId: string,
    options?: FollowJobLogsOptions,
  ): Promise<AsyncIterableIterator<JobLogEvent, undefined>>;
  /** Posts a JSON document to a path of the server, with the credential. Rejects as `fetch`. */
  post(path: string, body: unknown): Promise<Response>;
}

/**
 * Finds the server (see `chooseServer`) and its token: LIFELINE_TOKEN, else the file that the server’s pointer names.
 * A server with a pointer is found again where it comes back on another port.
 * @throws CliError if there is no server to choose, or its token cannot be read or sent
 */
export function connect(
  url: string | undefined,
  environment: NodeJS.ProcessEnv,
  directory: string,
): Connection {
  const server = chooseServer(url, environment, directory);
  const { pointer } = server;
  const fetchCurrent: typeof globalThis.fetch = (input, init) => {
    if (pointer === undefined || typeof input !== 'string') return fetch(input, init);
    return fetch(input.replace(server.url, currentUrl(pointer, environment)), init);
  };
  const endpoint = endpointFor(server.url, tokenFor(server, environment), fetchCurrent);
  return {
    url: server.url,
    isLocal: pointer !== undefined,
    execute: (document, variables, options) => execute(endpoint, document, variables, options),
    followJobLogs: async (jobId, options) => {
      const { JobLogFollower } = await import('../client/follow-job-logs.ts');
      return new JobLogFollower(endpoint, jobId, options);
    },
    post: (path, body) =>
      fetchCurrent(new URL(path, server.url).href, {
        method: 'POST',
        headers: { ...endpoint.headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

function endpointFor(
  url: string,
  token: string | undefined,
  fetchCurrent: typeof globalThis.fetch,
): Endpoint {
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
