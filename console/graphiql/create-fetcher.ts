import type { Fetcher, FetcherParams, FetcherOpts } from '@graphiql/toolkit';
import { type DocumentNode, type ExecutionResult, Kind, OperationTypeNode } from 'graphql';
import { createClient, type Client } from 'graphql-sse';
import { followEvents } from './follow-events.ts';

/** The server takes the session cookie of a page only together with a header that no foreign page can send. */
const OWN_PAGE = { 'Lifeline-Request': 'graphiql' };

/**
 * How GraphiQL reaches the server: queries and mutations by POST, subscriptions as GraphQL over SSE by POST to the same
 * path. The browser adds the session cookie; headers of the headers editor are sent, too.
 */
export function createFetcher(url: string): Fetcher {
  return (params, options = {}) =>
    isSubscription(params, options.documentAST)
      ? followEvents((sink) => streamingClient(url, options).subscribe(request(params), sink))
      : post(url, params, options);
}

function isSubscription({ operationName }: FetcherParams, document: DocumentNode | undefined): boolean {
  const operations = (document?.definitions ?? []).filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const chosen =
    operations.length === 1
      ? operations
      : operations.filter((operation) => 'name' in operation && operation.name?.value === operationName);
  return chosen.some(
    (operation) => 'operation' in operation && operation.operation === OperationTypeNode.SUBSCRIPTION,
  );
}

function streamingClient(url: string, { headers }: FetcherOpts): Client {
  // A retry would send the same request again, and so show the same lines twice: what broke is shown instead.
  return createClient({ url, headers: { ...OWN_PAGE, ...headers }, retryAttempts: 0, fetchFn: fetchOrLogIn });
}

async function post(url: string, params: FetcherParams, { headers }: FetcherOpts): Promise<ExecutionResult> {
  const response = await fetchOrLogIn(url, {
    method: 'POST',
    headers: { ...OWN_PAGE, 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
    body: JSON.stringify(request(params)),
  });
  return (await response.json()) as ExecutionResult;
}

/** A session that has ended leads to the login page, and from there back. */
async function fetchOrLogIn(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status === 401) {
    location.assign(`/login?to=${encodeURIComponent(location.pathname + location.search)}`);
  }
  return response;
}

function request({ query, operationName, variables }: FetcherParams): {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
} {
  return {
    query,
    ...(operationName != null && { operationName }),
    ...(isRecord(variables) && { variables }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
