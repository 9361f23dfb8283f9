import type { ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GraphQLContext } from './context.ts';

/** For the context of a request: its results are written by the caller, who owns them. */
export interface KeptResults {
  /** Gets the results, if the operation has many. What is given first counts. */
  readonly keepResults: (results: AsyncIterable<ExecutionResult>) => void;
}

/** Where the results of one request are kept until its caller takes them. */
export class ResultSlot {
  #results: AsyncIterable<ExecutionResult> | undefined;

  /** The context for Yoga, with the way into this slot. */
  of(context: GraphQLContext): GraphQLContext & KeptResults {
    return {
      ...context,
      keepResults: (results) => {
        this.#results ??= results;
      },
    };
  }

  /** `undefined` where the operation has one result. */
  get results(): AsyncIterable<ExecutionResult> | undefined {
    return this.#results;
  }
}

/**
 * Hands the results of a subscription to the context, in place of a response that has them in its body: whoever owns the
 * connection writes them itself, without a web stream and its copies for each reader.
 */
export function keepResults(): Plugin {
  return {
    onResultProcess: (processing) => {
      const { result, resultProcessor, serverContext } = processing;
      // Without a processor the client accepts no event stream, and is told so.
      if (resultProcessor === undefined || !isAsyncIterable<ExecutionResult>(result)) return;
      processing.setResultProcessor((results, api) => {
        // What the caller gave and Yoga passes on; its type here knows only its own part.
        const context = serverContext as unknown as KeptResults;
        context.keepResults(results as AsyncIterable<ExecutionResult>);
        return new api.Response(null, { headers: { 'content-type': 'text/event-stream' } });
      }, 'text/event-stream');
    },
  };
}
