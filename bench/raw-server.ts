/**
 * The limit: an HTTP server that writes events which were serialised before, with back-pressure, and does nothing else.
 * Started with the number of lines; sends its port to its parent; the readers begin together at the parent's message.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventText, TEXT } from './workload.ts';

const lineCount = Number(process.argv[2]);
const LINES_PER_EVENT = 1_000;
const events: Buffer[] = [];
for (let first = 1; first <= lineCount; first += LINES_PER_EVENT) {
  events.push(Buffer.from(eventText(first, Math.min(LINES_PER_EVENT, lineCount - first + 1), TEXT)));
}

const waiting = new Set<ServerResponse>();
const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  waiting.add(response);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('message', () => {
  for (const response of waiting) void writeAll(response);
  waiting.clear();
});

async function writeAll(response: ServerResponse): Promise<void> {
  for (const event of events) {
    if (!response.write(event)) await once(response, 'drain');
  }
  response.end();
}
