/**
 * The limit: an HTTP server that writes events which were serialised and framed before, with back-pressure, and does
 * nothing else. The events have the bytes that Lifeline gives for the document, in batches as large as its own.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DOCUMENTS } from '../documents/all-documents.ts';
import { eventText, plainLine } from '../documents/document.ts';
import { textOf } from '../harness/lines-file.ts';
import { onCommands, peerSetup, sayToBench } from './peer-messages.ts';

const { document: documentName } = peerSetup();
const document = DOCUMENTS[documentName];
if (document === undefined) throw new Error(`no document ${documentName}`);

const LAST_CHUNK = '0\r\n\r\n';
let frames: readonly Buffer[] = [];
let framed = '';
const waiting = new Set<ServerResponse>();

const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  waiting.add(response);
  response.once('close', () => waiting.delete(response));
});
server.listen(0, '127.0.0.1', () => {
  sayToBench({ kind: 'ready', version: `Node ${process.version}` });
});
onCommands(
  (command) => {
    if (command.kind === 'prepare') prepare(command.lines, command.linesPerEvent);
    else for (const { socket } of waiting) if (socket !== null) void writeAll(socket);
  },
  async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  },
);

function prepare(lines: number, linesPerEvent: number): void {
  const wanted = `${lines} by ${linesPerEvent}`;
  if (framed !== wanted) frames = framesOf(lines, linesPerEvent);
  framed = wanted;
  const { port } = server.address() as AddressInfo;
  if (document === undefined) return;
  sayToBench({
    kind: 'prepared',
    port,
    pids: [process.pid],
    request: 'GET / HTTP/1.1\r\nHost: raw\r\n\r\n',
    shape: document.shape,
  });
}

/** One chunk of the chunked transfer coding (RFC 9112, 7.1) an event. */
function framesOf(lines: number, linesPerEvent: number): readonly Buffer[] {
  const made: Buffer[] = [];
  for (let first = 1; first <= lines && document !== undefined; first += linesPerEvent) {
    const count = Math.min(linesPerEvent, lines - first + 1);
    const atMs = Date.now();
    const batch = Array.from({ length: count }, (_, index) =>
      plainLine(first + index, textOf(first + index), atMs),
    );
    const text = eventText(document, batch);
    made.push(Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`));
  }
  return made;
}

async function writeAll(socket: Socket): Promise<void> {
  for (const frame of frames) {
    if (!socket.write(frame)) await once(socket, 'drain');
  }
  socket.write(LAST_CHUNK);
}
