import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';
import type { GraphQLContext } from './context.ts';
import { createErrorMasker, type FaultLog } from './errors.ts';
import { ResultSlot } from './kept-results.ts';
import { RenderedResult } from './rendering/rendered-result.ts';
import { GRAPHQL_PATH, type GraphQLHandler } from './yoga.ts';

/** What GraphQL takes of a request. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
  readonly extensions?: Record<string, unknown> | null | undefined;
}

/** One result as JSON: pieces of UTF-8, to be written one after the other. Shared with other readers: not to be changed. */
export type WrittenResult = readonly Uint8Array[];

/** Takes one result. Resolves once there is room for the next, with false where none is wanted any more. */
export type Deliver = (result: WrittenResult) => Promise<boolean>;

/** Delivers one result after the other. Resolves after the last, or as soon as none is wanted; never rejects. */
export type DeliverResults = (
  results: AsyncIterable<ExecutionResult>,
  signal: AbortSignal,
  deliver: Deliver,
) => Promise<void>;

/**
 * Performs one operation of any kind: its results go to `deliver`, one after the other. Resolves after the last, or as
 * soon as none is wanted; never rejects: whatever fails is the last result, with coded errors.
 *
 * Everything that it holds hangs on the context's signal, whose owner need not wait for this to resolve.
 */
export type PerformOperation = (
  request: OperationRequest,
  context: GraphQLContext,
  deliver: Deliver,
) => Promise<void>;

/**
 * Gives a way to perform operations without an HTTP response for each.
 *
 * It enters Yoga where Yoga's own HTTP does, behind the reading of the request and before the writing of the response.
 * So parsing, validation, limits, cache and masking are not set up alike but are the same; the stock plugin for
 * `/graphql/stream` goes another way, on which a source that throws is an unhandled rejection.
 */
export function createOperationPerformer(yoga: GraphQLHandler, log: FaultLog): PerformOperation {
  const mask = createErrorMasker(log);
  const deliverResults = createResultDeliverer(log);
  return async (request, context, deliver) => {
    let performed: ExecutionResult | AsyncIterable<ExecutionResult>;
    try {
      performed = await resultOf(yoga, request, context);
    } catch (error) {
      performed = { errors: [mask(error)] };
    }
    if (isAsyncIterable<ExecutionResult>(performed)) await deliverResults(performed, context.signal, deliver);
    else if (!context.signal.aborted) await deliver(written(performed));
  };
}

async function resultOf(
  yoga: GraphQLHandler,
  request: OperationRequest,
  context: GraphQLContext,
): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  const slot = new ResultSlot();
  const result = await yoga.getResultForParams(
    {
      params: request as Parameters<GraphQLHandler['getResultForParams']>[0]['params'],
      request: new Request(`http://localhost${GRAPHQL_PATH}`, { method: 'POST' }),
    },
    slot.of(context),
  );
  const performed = slot.results ?? result;
  if (performed === undefined || Array.isArray(performed)) throw new Error('an operation without a result');
  return performed;
}

/** Gives a way to deliver results; their errors are masked, and what their source throws is the last of them. */
export function createResultDeliverer(log: FaultLog): DeliverResults {
  const mask = createErrorMasker(log);
  // All in one function: each more that waits costs every idle reader half a kilobyte.
  return async (results, signal, deliver) => {
    const iterator = results[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await iterator.next();
        if (next.done === true || signal.aborted) return;
        if (!(await deliver(written(masked(next.value, mask))))) return;
      }
    } catch (error) {
      void letGo(iterator);
      if (!signal.aborted) await deliver(written({ errors: [mask(error)] }));
    } finally {
      void letGo(iterator);
    }
  };
}

function masked(result: ExecutionResult, mask: (error: unknown) => GraphQLError): ExecutionResult {
  return result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };
}

/** Not waited for: behind a pending `next()` it would come too late, and the signal has released everything. */
async function letGo(iterator: AsyncIterator<ExecutionResult>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // There is nobody left to tell.
  }
}

/** As Yoga writes results: without what only its HTTP layer reads. */
function written(result: ExecutionResult): WrittenResult {
  if (result instanceof RenderedResult) return result.json;
  const { errors } = result;
  const shown = errors === undefined ? result : { ...result, errors: errors.map(withoutInternals) };
  return [Buffer.from(JSON.stringify(shown))];
}

function withoutInternals(error: GraphQLError): GraphQLFormattedError {
  const formatted: GraphQLFormattedError = error.toJSON();
  const { extensions, ...shown } = formatted;
  const told = Object.entries(extensions ?? {}).filter(([name]) => name !== 'http');
  return told.length === 0 ? shown : { ...shown, extensions: Object.fromEntries(told) };
}
