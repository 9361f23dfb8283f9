import type { ExecutionResult } from 'graphql';
import type { FaultLog } from '../graphql/errors.ts';
import { ResultSlot } from '../graphql/kept-results.ts';
import { createResultDeliverer, type DeliverResults } from '../graphql/perform-operation.ts';
import { bareContext } from '../graphql/context.ts';
import type { Services } from '../graphql/services.ts';
import { type GraphQLHandler, GRAPHQL_PATH } from '../graphql/yoga.ts';
import { beginEventStream, PING_MS } from './event-stream.ts';
import type { Door, Exchange, GoOn } from './exchange.ts';
import { FramedResults } from './framed-results.ts';
import { parseGraphQLRequest } from './graphql-request.ts';
import { Refusal } from './refusal.ts';
import { readBody } from './request-body.ts';
import { SharedEventStream } from './shared-event-stream.ts';

const NOT_ACCEPTABLE = 406;

/**
 * `POST /graphql`: queries and mutations, and subscriptions as GraphQL over SSE in distinct connections mode.
 *
 * Yoga gets a request that is read and checked, and gives a response, or results, that we write: so the limits, the
 * headers, the back-pressure and the signal that everything hangs on are ours.
 */
export function graphqlDoor(services: Services, yoga: GraphQLHandler, log: FaultLog): Door {
  const deliverResults = createResultDeliverer(log);
  const framed = new FramedResults();
  return async (exchange) => {
    const results = await answer(services, yoga, exchange);
    return results && sendLater(results, exchange, deliverResults, framed);
  };
}

/** Answers an operation that has one result; gives the results of another one. */
async function answer(
  services: Services,
  yoga: GraphQLHandler,
  exchange: Exchange,
): Promise<AsyncIterable<ExecutionResult> | undefined> {
  const { req, res, signal } = exchange;
  if (req.headers.expect !== undefined) res.writeContinue();
  const body = await readBody(req, signal);
  parseGraphQLRequest(body);
  const slot = new ResultSlot();
  const response = await yoga.fetch(
    `http://localhost${GRAPHQL_PATH}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: req.headers.accept ?? 'application/json' },
      body,
      signal,
    },
    slot.of(bareContext({ ...exchange, services, signal })),
  );
  const { results } = slot;
  // What is not acceptable is let go with the exchange, by its signal.
  if (results === undefined || response.status === NOT_ACCEPTABLE) await sendResult(response, exchange);
  return results;
}

async function sendResult(response: Response, { res, streams }: Exchange): Promise<void> {
  if (response.status === NOT_ACCEPTABLE) {
    throw new Refusal(
      NOT_ACCEPTABLE,
      'INVALID_INPUT',
      'Accept must allow application/json, or text/event-stream for a subscription.',
    );
  }
  const type = response.headers.get('content-type') ?? '';
  const body = Buffer.from(await response.text());
  // One result, for a client that takes event streams alone.
  if (type.startsWith('text/event-stream')) beginEventStream(res, streams);
  else res.writeHead(response.status, { 'Content-Type': type, 'Content-Length': body.length });
  res.end(body);
}

function sendLater(
  results: AsyncIterable<ExecutionResult>,
  { res, signal, streams }: Exchange,
  deliverResults: DeliverResults,
  framed: FramedResults,
): GoOn {
  return async () => {
    // What the results hold has been let go, by the signal.
    if (signal.aborted) return;
    beginEventStream(res, streams);
    const stream = new SharedEventStream(PING_MS);
    using _open = stream.open(res);
    await deliverResults(results, signal, (result) => stream.write(framed.of(result), signal));
    if (await stream.write(['event: complete\ndata:\n\n'], signal)) res.end();
    else res.destroy();
  };
}
