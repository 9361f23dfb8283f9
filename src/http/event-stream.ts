import type { ServerResponse } from 'node:http';
import type { OpenStreams } from './open-streams.ts';

/** A comment goes out where nothing else did for so many milliseconds, below the idle limits of usual proxies. */
export const PING_MS = 10_000;

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
}
