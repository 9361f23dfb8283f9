import type { Services } from './services.ts';

/** What every resolver gets. */
export interface GraphQLContext {
  readonly services: Services;
  /**
   * Aborts when the client has gone, when the server closes, and after a normal end. It is made by our own server,
   * not by the GraphQL library: a subscription hangs on it, because `return()` may come late or never.
   */
  readonly signal: AbortSignal;
}
