import type { Fetcher, FetcherParams, FetcherOpts } from '@graphiql/toolkit';
import { type ExecutionResult, Kind, type OperationDefinitionNode, OperationTypeNode, parse } from 'graphql';
import { createClient, type Client } from 'graphql-sse';
import { followEvents } from './follow-events.ts';

/** The server takes the session cookie of a page only together with a header that no foreign page can send. */
const OWN_PAGE = { 'Lifeline-Request': 'graphiql' };

/**
 * How GraphiQL reaches the server: queries and mutations by POST, subscriptions as GraphQL over SSE by POST to the same
 * path. The browser adds the session cookie; headers of the headers editor are sent, too.
 */
export function createFetcher(url: string): Fetcher {
  return (params, options = {}) => {
    const { operation, request } = readRequest(params);
    return operation === OperationTypeNode.SUBSCRIPTION
      ? followEvents((sink) => streamingClient(url, options).subscribe(request, sink))
      : post(url, request, options);
  };
}

interface GraphQLRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
}

/**
 * Looks at the document itself: for a moment after a change of tabs, GraphiQL still gives the name and the parsed
 * document of the tab before.
 */
function readRequest({ query, operationName, variables }: FetcherParams): {
  operation: OperationTypeNode | undefined;
  request: GraphQLRequest;
} {
  const operations = operationsOf(query);
  const named = operations.find(({ name }) => name?.value === operationName);
  return {
    operation: (named ?? operations[0])?.operation,
    request: {
      query,
      ...(operationName != null && named !== undefined && { operationName }),
      ...(isRecord(variables) && { variables }),
    },
  };
}

function operationsOf(query: string): readonly OperationDefinitionNode[] {
  try {
    return parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  } catch {
    // The server says better what is wrong with it.
    return [];
  }
}

function streamingClient(url: string, { headers }: FetcherOpts): Client {
  // A retry would send the same request again, and so show the same lines twice: what broke is shown instead.
  return createClient({ url, headers: { ...OWN_PAGE, ...headers }, retryAttempts: 0, fetchFn: fetchOrLogIn });
}

async function post(
  url: string,
  request: GraphQLRequest,
  { headers }: FetcherOpts,
): Promise<ExecutionResult> {
  const response = await fetchOrLogIn(url, {
    method: 'POST',
    headers: { ...OWN_PAGE, 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
    body: JSON.stringify(request),
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
