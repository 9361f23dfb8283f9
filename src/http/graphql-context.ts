import type { GraphQLContext } from '../graphql/context.ts';
import type { Services } from '../graphql/services.ts';
import type { Exchange } from './exchange.ts';

/**
 * What resolvers get of an exchange.
 * @param signal the exchange's own, or one that ends with one operation of several
 */
export function graphqlContext(
  services: Services,
  { title, tokenId, address, scope }: Exchange,
  signal: AbortSignal,
): GraphQLContext {
  return { services, signal, title, tokenId, address, scope };
}
