import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import { auditRefusedOperations } from './audited.ts';
import { BoundedCache } from '../domain/bounded-cache.ts';
import type { GraphQLContext } from './context.ts';
import { createErrorMasker, type FaultLog } from './errors.ts';
import { operationLimits } from './limits/operation-limits.ts';
import { renderLogLines } from './rendering/render-log-lines.ts';
import { keepResults } from './kept-results.ts';
import { streamLimit } from './limits/stream-limit.ts';
import { schema } from './schema.ts';
import { toldByScope } from './told-by-scope.ts';

export const GRAPHQL_PATH = '/graphql';

/** Documents and refused documents that are kept parsed; each is as large as a request body at most. */
const CACHED_DOCUMENTS = 64;

/** Yoga as it is set up here. */
export type GraphQLHandler = YogaServerInstance<GraphQLContext, object>;

/**
 * GraphQL over HTTP and server-sent events. It does no checks of its own on Host, Origin, credentials, content type or
 * size: whoever calls `fetch` has done them, and gives the context.
 */
export function createGraphQLHandler(log: FaultLog): GraphQLHandler {
  return createYoga<GraphQLContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    graphiql: false,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    // Faults are logged where they are masked; the rest are mistakes of clients.
    logging: false,
    maskedErrors: { maskError: createErrorMasker(log), isDev: false },
    parserAndValidationCache: {
      documentCache: new BoundedCache(CACHED_DOCUMENTS),
      errorCache: new BoundedCache(CACHED_DOCUMENTS),
    },
    plugins: [
      operationLimits(),
      streamLimit(),
      auditRefusedOperations(),
      renderLogLines(),
      keepResults(),
      toldByScope(schema),
    ],
  });
}
