import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { sendClientError } from './client-error.ts';

/** How long clients may take; tests shorten them. Responses, streams above all, may last for ever. */
export interface HttpTimeouts {
  /** Until the headers are complete. Over TLS, as much again before that for the handshake. */
  readonly headersMs: number;
  /** Until the body is complete, counted from the first byte of the request. */
  readonly requestMs: number;
}

/** Answers one request; never throws. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => void;

/** A way in, of which the server has one or two: made → listening → `server.close()` → no connection is left. */
export interface Listener {
  /** To bind and to close. Closing stops accepting and waits for the connections that there are. */
  readonly server: Server;
  /** Closes connections on which nothing is asked, now or, over HTTP/2, as soon as it is so. */
  closeIdle(): void;
  /** Ends every connection at once. */
  cutAll(): void;
}

/** How often Node looks for clients that take too long. */
export function checkingIntervalMs({ headersMs }: HttpTimeouts): number {
  return Math.min(1_000, headersMs);
}

/**
 * Remembers which response is under way on each HTTP/1.1 connection, for what cannot be read of a connection: an error
 * in the middle of a response, a stream above all, has no place to be told.
 */
export class AnsweredConnections {
  readonly #answering = new WeakMap<object, ServerResponse>();

  begin(req: IncomingMessage, res: ServerResponse): void {
    this.#answering.set(req.socket, res);
  }

  refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const res = this.#answering.get(socket);
    if (res?.headersSent === true && !res.writableFinished) socket.destroy();
    else sendClientError(error, socket);
  }
}
