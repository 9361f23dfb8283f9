import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenStreams } from './open-streams.ts';

/** A comment goes out where nothing else did for so many milliseconds, below the idle limits of usual proxies. */
export const PING_MS = 10_000;

const NO_HEADERS = {};
const NO_RAW_HEADERS: string[] = [];

/**
 * Begins a response of server-sent events: the headers go out at once, so that the client knows that it is attached.
 * No proxy shall hold it back, compress or store it.
 */
export function beginEventStream(res: ServerResponse, streams: OpenStreams): void {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  // Each event is a small write that somebody waits for.
  res.socket?.setNoDelay(true);
  streams.add(res);
  letGoOfHeaders(res.req);
}

/**
 * Node keeps a request with its response, and nobody reads the headers of one that is answered already: a kilobyte for each stream.
 * Those of HTTP/2 stay, because its session shares them.
 */
function letGoOfHeaders(req: IncomingMessage): void {
  if (req.httpVersionMajor >= 2) return;
  req.headers = NO_HEADERS;
  req.headersDistinct = NO_HEADERS;
  req.rawHeaders = NO_RAW_HEADERS;
}
