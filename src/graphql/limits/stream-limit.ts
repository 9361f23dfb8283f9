import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LimitExceededError } from '../../domain/errors.ts';
import type { GraphQLContext } from '../context.ts';
import { holdStreamPlace } from '../stream-places.ts';

/** A subscription takes its place before it opens anything, on whatever door. */
export function streamLimit(): Plugin<GraphQLContext> {
  return {
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const { services, tokenId, signal } = args.contextValue as GraphQLContext;
      try {
        holdStreamPlace(services.streams, tokenId, signal);
      } catch (error) {
        if (!(error instanceof LimitExceededError)) throw error;
        const { message, code } = error;
        setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions: { code } })] });
      }
    },
  };
}
