import { createServer } from 'node:http';
import {
  type Answer,
  AnsweredConnections,
  checkingIntervalMs,
  type HttpTimeouts,
  type Listener,
} from './listener.ts';

/** HTTP/1.1 without TLS: for a port, or for the unix socket. */
export function createPlainListener(timeouts: HttpTimeouts, answer: Answer): Listener {
  const connections = new AnsweredConnections();
  const server = createServer({
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: checkingIntervalMs(timeouts),
    // Ours answers with a body and the usual headers.
    requireHostHeader: false,
  });
  // Beyond a number of headers Node drops the rest without a word, a foreign Origin among them; their bytes are bounded.
  server.maxHeadersCount = 0;
  const listener: Answer = (req, res) => {
    connections.begin(req, res);
    answer(req, res);
  };
  server.on('request', listener);
  // Nobody is told to go on with a body that the gate would refuse.
  server.on('checkContinue', listener);
  server.on('clientError', (error, socket) => {
    connections.refuse(error, socket);
  });
  // One for each request that a client has pipelined: not a leak.
  server.on('connection', (socket) => socket.setMaxListeners(0));
  return {
    server,
    closeIdle: () => {
      server.closeIdleConnections();
    },
    cutAll: () => {
      server.closeAllConnections();
    },
  };
}
