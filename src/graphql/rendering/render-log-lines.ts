import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  locatedError,
} from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { bareContext, type GraphQLContext } from '../context.ts';
import type { JobLogPayload } from '../job-log-events.ts';
import type { KeptResults } from '../kept-results.ts';
import { KeptTemplates, LogLinesTemplate } from './log-lines-template.ts';

/**
 * Takes the lines of `jobLogs` past GraphQL's execution: what is selected of a batch is written once, as bytes, for all
 * who select the same. Stock execution costs each line of each reader an object, some promises and a string.
 *
 * Everything else stays where it was: parsing, validation, limits, scopes, the source, its release and its errors; and
 * events that are no lines are executed. Nothing that depends on who asks can be shared, because templates know no field that
 * could: a selection with another one is executed.
 */
export function renderLogLines(): Plugin {
  const templates = new KeptTemplates();
  return {
    onSubscribe: ({ args, setSubscribeFn }) => {
      const template = LogLinesTemplate.compile(args, templates);
      if (template !== undefined) setSubscribeFn((given: ExecutionArgs) => subscribe(given, template));
    },
  };
}

async function subscribe(
  args: ExecutionArgs,
  template: LogLinesTemplate,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!isAsyncIterable<JobLogPayload>(source)) return source as ExecutionResult;
  const context = args.contextValue as GraphQLContext & KeptResults;
  const results = new Results(
    source[Symbol.asyncIterator](),
    // It lives as long as the subscription.
    { ...args, contextValue: bareContext(context) },
    template,
  );
  // Not through the library, whose wrappers hold the request, and more, for as long as somebody reads.
  context.keepResults(results);
  return NOTHING;
}

/** What passes for the results on their way through the library; nobody reads it. */
const NOTHING: AsyncIterableIterator<ExecutionResult> = {
  next: () => Promise.resolve({ done: true, value: undefined }),
  [Symbol.asyncIterator]: () => NOTHING,
};

/** The results of the payloads of a source, one for one; owns nothing: ends with the source, and ends it. */
class Results implements AsyncIterableIterator<ExecutionResult> {
  readonly #source: AsyncIterator<JobLogPayload>;
  readonly #args: ExecutionArgs;
  readonly #template: LogLinesTemplate;

  constructor(source: AsyncIterator<JobLogPayload>, args: ExecutionArgs, template: LogLinesTemplate) {
    this.#source = source;
    this.#args = args;
    this.#template = template;
  }

  async next(): Promise<IteratorResult<ExecutionResult>> {
    let result: IteratorResult<JobLogPayload>;
    try {
      result = await this.#source.next();
    } catch (error) {
      throw this.#located(error);
    }
    if (result.done === true) return result;
    const payload = result.value;
    return {
      done: false,
      value:
        payload.kind === 'LogLines'
          ? this.#template.render(payload).asResult()
          : await execute({ ...this.#args, rootValue: payload }),
    };
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #located(error: unknown): GraphQLError {
    const operation = getOperationAST(this.#args.document, this.#args.operationName);
    return locatedError(error, operation ?? undefined, ['jobLogs']);
  }
}
