import type { ServerResponse } from 'node:http';
import type { Services } from '../graphql/services.ts';
import { type GraphQLHandler, GRAPHQL_PATH } from '../graphql/yoga.ts';
import { beginEventStream } from './event-stream.ts';
import type { Door, Exchange } from './exchange.ts';
import { parseGraphQLRequest } from './graphql-request.ts';
import { Refusal } from './refusal.ts';
import { readBody } from './request-body.ts';
import { writeChunk } from './write-chunk.ts';

/**
 * `POST /graphql`: queries and mutations, and subscriptions as GraphQL over SSE in distinct connections mode.
 *
 * Yoga gets a request that is read and checked, and gives a response that we write: so the limits, the headers, the
 * back-pressure and the signal that everything hangs on are ours.
 */
export function graphqlDoor(services: Services, yoga: GraphQLHandler): Door {
  return async (exchange) => {
    const { req, res, signal, requester, scope, tokenId } = exchange;
    if (req.headers.expect !== undefined) res.writeContinue();
    const body = await readBody(req, signal);
    parseGraphQLRequest(body);
    const response = await yoga.fetch(
      `http://localhost${GRAPHQL_PATH}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: req.headers.accept ?? 'application/json' },
        body,
        signal,
      },
      { services, signal, requester, scope, tokenId },
    );
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream')) await sendEvents(response, exchange);
    else await sendResult(response, type, res);
  };
}

async function sendResult(response: Response, type: string, res: ServerResponse): Promise<void> {
  if (response.status === 406) {
    throw new Refusal(
      406,
      'INVALID_INPUT',
      'Accept must allow application/json, or text/event-stream for a subscription.',
    );
  }
  const body = Buffer.from(await response.text());
  res.writeHead(response.status, { 'Content-Type': type, 'Content-Length': body.length });
  res.end(body);
}

async function sendEvents(response: Response, { res, signal, streams }: Exchange): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('an event stream without a body');
  try {
    if (signal.aborted) return;
    beginEventStream(res, streams);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!(await writeChunk(res, value, signal))) return;
    }
    res.end();
  } finally {
    // The sources have let go already, by the signal; this only tells Yoga to stop its pings.
    reader.cancel().catch(() => undefined);
    if (signal.aborted) res.destroy();
  }
}
