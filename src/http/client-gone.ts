import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A signal of our own that aborts when the exchange is over, however that comes: the response closed, before or after
 * its end, or the client ended its half of the connection. Everything that an exchange acquires hangs on it.
 *
 * A FIN counts as gone, because a client that was killed sends nothing else until somebody writes to it; one that
 * half-closes while it waits for an answer is not served. Over HTTP/2 Node ends the session at a FIN, and with it
 * all responses; the end of a stream there is that of a request.
 */
export function clientGone(req: IncomingMessage, res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const { socket } = req;
  const over = (): void => {
    res.off('close', over);
    if (req.httpVersionMajor < 2) socket.off('end', over);
    controller.abort();
  };
  res.on('close', over);
  if (req.httpVersionMajor < 2) socket.on('end', over);
  return controller.signal;
}
