import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { constants, createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsIdentity } from './http-config.ts';
import { endWhenStuck } from './end-when-stuck.ts';
import { CompatibleRequest, CompatibleResponse } from './http2-exchange.ts';
import {
  type Answer,
  AnsweredConnections,
  checkingIntervalMs,
  type HttpTimeouts,
  type Listener,
} from './listener.ts';
import { sendRefusal } from './refusal.ts';

/** As Node's default for HTTP/1.1. */
const MAX_HEADER_BYTES = 16 * 1024;
/** As Node's default for HTTP/1.1: after an answer, until the connection is closed. */
const KEEP_ALIVE_MS = 5_000;

/**
 * What one HTTP/2 connection may have and do. Node's own defaults, written down, but for the streams, of which Node allows
 * any number. Beyond these, nghttp2 ends a connection that resets more than a thousand streams at once or 33 a second
 * (CVE-2023-44487), or that leaves a thousand of its own answers to pings and settings unread.
 */
const SESSION_BOUNDS = {
  /** Streams at once: for a browser with many tabs, which share one connection. */
  streams: 128,
  headerPairs: 128,
  /** MB, of all that a session holds: streams, headers, what waits to be sent. */
  memoryMb: 10,
  settingsInOneFrame: 32,
  invalidFrames: 100,
  rejectedStreams: 100,
  unansweredPings: 10,
} as const;

/**
 * HTTPS: HTTP/2 and HTTP/1.1 on one port, as the client chooses (ALPN, RFC 7301), answered by the same doors.
 *
 * Node bounds the time of a request over HTTP/1.1 alone, so that of one over HTTP/2 is bounded here; a connection on which
 * nothing is asked for as long is closed, whatever comes over it.
 */
export function createTlsListener(identity: TlsIdentity, timeouts: HttpTimeouts, answer: Answer): Listener {
  const connections = new AnsweredConnections();
  /** What TLS is spoken over, by the other end. */
  const sockets = new Map<string, Socket>();
  const sessions = new Set<Http2Session>();
  let isClosing = false;
  const server = createSecureServer({
    cert: identity.certificate,
    key: identity.key,
    allowHTTP1: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: timeouts.headersMs,
    Http2ServerRequest: CompatibleRequest,
    Http2ServerResponse: CompatibleResponse,
    maxHeaderListPairs: SESSION_BOUNDS.headerPairs,
    maxSessionMemory: SESSION_BOUNDS.memoryMb,
    maxSettings: SESSION_BOUNDS.settingsInOneFrame,
    maxSessionInvalidFrames: SESSION_BOUNDS.invalidFrames,
    maxSessionRejectedStreams: SESSION_BOUNDS.rejectedStreams,
    maxOutstandingPings: SESSION_BOUNDS.unansweredPings,
    settings: {
      maxConcurrentStreams: SESSION_BOUNDS.streams,
      maxHeaderListSize: MAX_HEADER_BYTES,
      enablePush: false,
    },
  });
  // Of HTTP/1.1; Node takes them as properties here.
  Object.assign(server, {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: checkingIntervalMs(timeouts),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // None is dropped without a word; their bytes are bounded.
    maxHeadersCount: 0,
    requireHostHeader: false,
  });

  // With both subclasses, an HTTP/2 exchange has whatever the doors use of one over HTTP/1.1; see http2-exchange.ts.
  const listener = (req: unknown, res: unknown): void => {
    if (req instanceof CompatibleRequest && res instanceof CompatibleResponse) {
      boundRequestTime(req, res, timeouts.requestMs);
    } else {
      connections.begin(req as IncomingMessage, res as ServerResponse);
    }
    answer(req as IncomingMessage, res as ServerResponse);
  };
  server.on('request', listener);
  server.on('checkContinue', listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    connections.refuse(error, socket);
  });
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    sockets.set(peer, socket);
    socket.once('close', () => {
      if (sockets.get(peer) === socket) sockets.delete(peer);
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.setMaxListeners(0);
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    closeWhenUnused(session, timeouts.requestMs);
    const socket = sockets.get(peerOf(session.socket));
    endWhenStuck(session, timeouts.lifeSignMs, () => {
      // Node waits for the write that never ends before it closes the socket of a session that is destroyed.
      socket?.destroy();
    });
    // Its handshake was under way when the others were closed.
    if (isClosing) session.close();
  });

  return {
    server,
    closeIdle: () => {
      isClosing = true;
      // Of its HTTP/1.1 connections; the types lack it.
      (server as unknown as Pick<HttpServer, 'closeIdleConnections'>).closeIdleConnections();
      for (const session of sessions) session.close();
    },
    cutAll: () => {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

function peerOf({
  remoteAddress = '',
  remotePort = 0,
}: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${String(remotePort)}`;
}

/** A request whose body takes longer is answered 408, or cut where its answer has begun. */
function boundRequestTime(req: CompatibleRequest, res: CompatibleResponse, limitMs: number): void {
  if (req.stream.endAfterHeaders) return;
  const limit = setTimeout(() => {
    if (res.headersSent) {
      // Answered whole: only the rest of the body is not waited for any longer.
      if (res.writableEnded) req.stream.close(constants.NGHTTP2_NO_ERROR);
      else res.destroy();
      return;
    }
    sendRefusal(res as unknown as ServerResponse, 'plain', {
      status: 408,
      code: 'LIMIT_EXCEEDED',
      message: 'The request could not be read: request timeout.',
      headers: {},
    });
    req.stream.close(constants.NGHTTP2_NO_ERROR);
  }, limitMs);
  const over = (): void => {
    clearTimeout(limit);
  };
  req.once('end', over);
  res.once('close', over);
}

/** Says goodbye to a connection that has had no stream for so long: not even the headers of one came whole. */
function closeWhenUnused(session: Http2Session, limitMs: number): void {
  let streams = 0;
  const close = (): void => {
    session.close();
  };
  let unused = setTimeout(close, limitMs);
  session.on('stream', (stream: ServerHttp2Stream) => {
    clearTimeout(unused);
    streams += 1;
    stream.once('close', () => {
      streams -= 1;
      if (streams === 0 && !session.closed) unused = setTimeout(close, limitMs);
    });
  });
  session.once('close', () => {
    clearTimeout(unused);
  });
}
