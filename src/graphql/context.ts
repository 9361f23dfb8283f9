import type { Actor } from '../domain/audit.ts';
import type { Scope } from '../domain/scope.ts';
import type { Services } from './services.ts';

/** What every resolver gets, and who asks. */
export interface GraphQLContext extends Actor {
  readonly services: Services;
  /**
   * Aborts when the client has gone, when the server closes, and after a normal end. It is made by our own server,
   * not by the GraphQL library: a subscription hangs on it, because `return()` may come late or never.
   */
  readonly signal: AbortSignal;
  /** What it may do. */
  readonly scope: Scope;
}

/** A context of what resolvers need and no more, out of something that holds more. */
export function bareContext({
  services,
  signal,
  title,
  tokenId,
  address,
  scope,
}: GraphQLContext): GraphQLContext {
  return { services, signal, title, tokenId, address, scope };
}
