import type { Scope } from '../domain/scope.ts';
import type { Services } from './services.ts';

/** What every resolver gets. */
export interface GraphQLContext {
  readonly services: Services;
  /**
   * Aborts when the client has gone, when the server closes, and after a normal end. It is made by our own server,
   * not by the GraphQL library: a subscription hangs on it, because `return()` may come late or never.
   */
  readonly signal: AbortSignal;
  /** Who asks, in words for people, such as `the API token, from 127.0.0.1`. */
  readonly requester: string;
  /** The stored token that it brought, itself or by its session; `null` for the server's own. Limits hold for each. */
  readonly tokenId: number | null;
  /** What it may do. */
  readonly scope: Scope;
}
