import type { PerformOperation } from '../graphql/perform-operation.ts';
import { bareContext } from '../graphql/context.ts';
import type { Services } from '../graphql/services.ts';
import type { Door, Exchange, LeftToDo } from './exchange.ts';
import { type GraphQLRequest, parseGraphQLRequest } from './graphql-request.ts';
import { Refusal } from './refusal.ts';
import { readBody } from './request-body.ts';
import type { StreamReservation } from './stream-reservation.ts';
import type { StreamReservations } from './stream-reservations.ts';

export const GRAPHQL_STREAM_PATH = '/graphql/stream';

/** By these a client names its stream; it is no credential, so it may stand in a URL, for an EventSource. */
const TOKEN_HEADER = 'x-graphql-event-stream-token';
export const STREAM_TOKEN_PARAMETER = 'token';
const MAX_OPERATION_ID_LENGTH = 256;

/** What `/graphql/stream` is made of. */
export interface GraphQLStreamParts {
  readonly services: Services;
  readonly reservations: StreamReservations;
  readonly perform: PerformOperation;
  /** Answers an operation that brings its own connection: the door of `POST /graphql`. */
  readonly distinct: Door;
}

/**
 * `/graphql/stream`: GraphQL over SSE, https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, both modes.
 *
 * Single connection: `PUT` reserves a stream and gives its token, `GET` opens it, `POST` starts an operation on it, `DELETE
 * ?operationId=` ends one. Distinct connections: `POST` without a token that accepts an event stream is answered by one.
 *
 * Where the protocol leaves a choice: a document that is not valid is accepted with 202 like any other and told on the
 * stream with its code, because its client takes every other status for a network that failed, and tries again; nothing
 * is sent of an operation after the answer to its `DELETE`; documents are not taken from URLs.
 */
export function graphqlStreamDoor(parts: GraphQLStreamParts): Door {
  return async (exchange) => {
    switch (exchange.req.method) {
      case 'PUT':
        reserve(parts.reservations, exchange);
        return;
      case 'GET':
        open(parts.reservations, exchange);
        return;
      case 'DELETE':
        stop(parts.reservations, exchange);
        return;
      default:
        if (streamToken(exchange) === undefined) return performDistinct(parts.distinct, exchange);
        await start(parts, exchange);
    }
  };
}

function reserve(reservations: StreamReservations, { res, holder, tokenId }: Exchange): void {
  const { token } = reservations.reserve(holder, tokenId);
  res.writeHead(201, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': token.length });
  res.end(token);
}

function open(reservations: StreamReservations, exchange: Exchange): void {
  requireReservation(reservations, exchange).open(exchange);
}

function stop(reservations: StreamReservations, exchange: Exchange): void {
  const reservation = requireReservation(reservations, exchange);
  const operationId = exchange.url.searchParams.get('operationId');
  if (operationId === null || operationId === '') {
    throw new Refusal(400, 'INVALID_INPUT', 'Name the operation: ?operationId=….');
  }
  reservation.stop(operationId);
  exchange.res.writeHead(200, { 'Content-Length': 0 }).end();
}

async function start(
  { services, reservations, perform }: GraphQLStreamParts,
  exchange: Exchange,
): Promise<void> {
  const { req, res } = exchange;
  // Nobody sends a body that has nowhere to go.
  requireReservation(reservations, exchange);
  if (req.headers.expect !== undefined) res.writeContinue();
  const request = parseGraphQLRequest(await readBody(req, exchange.signal));
  const operationId = operationIdOf(request);
  // It may have been dropped while the body came.
  requireReservation(reservations, exchange).start(operationId, (signal, deliver) =>
    perform(request, bareContext({ ...exchange, services, signal }), deliver),
  );
  res.writeHead(202, { 'Content-Length': 0 }).end();
}

async function performDistinct(distinct: Door, exchange: Exchange): Promise<LeftToDo> {
  if (!(exchange.req.headers.accept ?? '').toLowerCase().includes('text/event-stream')) {
    throw new Refusal(
      400,
      'INVALID_INPUT',
      'Accept text/event-stream, or reserve an event stream with PUT and name it by X-GraphQL-Event-Stream-Token.',
    );
  }
  return distinct(exchange);
}

function streamToken({ req, url }: Exchange): string | undefined {
  const [header] = req.headersDistinct[TOKEN_HEADER] ?? [];
  const token = header ?? url.searchParams.get(STREAM_TOKEN_PARAMETER) ?? '';
  return token === '' ? undefined : token;
}

function requireReservation(reservations: StreamReservations, exchange: Exchange): StreamReservation {
  const token = streamToken(exchange);
  if (token === undefined) {
    throw new Refusal(
      400,
      'INVALID_INPUT',
      'Reserve an event stream with PUT and name it by X-GraphQL-Event-Stream-Token.',
    );
  }
  const reservation = reservations.find(token, exchange.holder);
  if (reservation === undefined) {
    throw new Refusal(
      404,
      'INVALID_INPUT',
      'There is no such event stream, or not any more. Reserve one with PUT.',
    );
  }
  return reservation;
}

function operationIdOf({ extensions }: GraphQLRequest): string {
  const operationId = extensions?.['operationId'];
  if (typeof operationId !== 'string' || operationId === '' || operationId.length > MAX_OPERATION_ID_LENGTH) {
    throw new Refusal(
      400,
      'INVALID_INPUT',
      `extensions.operationId must name the operation, in ${String(MAX_OPERATION_ID_LENGTH)} characters at most.`,
    );
  }
  return operationId;
}
