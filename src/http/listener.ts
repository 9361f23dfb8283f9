import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { sendClientError } from './client-error.ts';

/** How long clients may take; tests shorten them. Responses, streams above all, may last for ever. */
export interface HttpTimeouts {
  /** Until the headers are complete. Over TLS, as much again before that for the handshake. */
  readonly headersMs: number;
  /** Until the body is complete, counted from the first byte of the request. */
  readonly requestMs: number;
  /** Between two signs of life that are asked of an HTTP/2 connection, which has two to three such times to give one. */
  readonly lifeSignMs: number;
}

/** Answers one request; never throws. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => void;

/** A way in, of which the server has one or two: made → listening → `server.close()` → no connection is left. */
export interface Listener {
  /** To bind and to close. Closing stops accepting and waits for the connections that there are. */
  readonly server: Server;
  /** Of a server that closes: closes connections on which nothing is asked; those of HTTP/2 also later, as soon as it is so. */
  closeIdle(): void;
  /** Ends every connection at once. */
  cutAll(): void;
}

/** How often Node looks for clients that take too long. */
export function checkingIntervalMs({ headersMs }: HttpTimeouts): number {
  return Math.min(1_000, headersMs);
}

/**
 * The responses that are under way on each HTTP/1.1 connection: more than one where a client has pipelined, of which all but
 * the first wait for their turn.
 *
 * Why: an error in the middle of a response, a stream above all, has no place to be told, and that cannot be read of a
 * connection. And where a connection closes, Node says so to the response whose turn it is alone; the others would wait
 * for ever, with all that they hold.
 */
export class AnsweredConnections {
  readonly #underWay = new WeakMap<object, Set<ServerResponse>>();

  begin({ socket }: IncomingMessage, res: ServerResponse): void {
    const responses = this.#underWay.get(socket) ?? this.#watch(socket);
    responses.add(res);
    res.on('close', () => responses.delete(res));
  }

  refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const responses = [...(this.#underWay.get(socket) ?? [])];
    if (responses.some((res) => res.headersSent && !res.writableFinished)) socket.destroy();
    else sendClientError(error, socket);
  }

  #watch(socket: Socket): Set<ServerResponse> {
    const responses = new Set<ServerResponse>();
    this.#underWay.set(socket, responses);
    socket.on('close', () => {
      // Not before Node has told the one whose turn it is.
      queueMicrotask(() => {
        for (const res of responses) res.destroy().emit('close');
      });
    });
    return responses;
  }
}
