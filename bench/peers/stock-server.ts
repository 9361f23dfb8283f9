import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onCommands, peerSetup, sayToBench } from './peer-messages.ts';
import { publishJob } from './stock-job.ts';
import { STOCK_QUERY, type StockChannel } from './stock-schema.ts';

/** Serves the stock channel with a handler of somebody's, at the benchmark's command. */
export function serveStock(
  channel: StockChannel,
  path: string,
  version: string,
  handler: RequestListener,
): void {
  const { linesPath } = peerSetup();
  const server = createServer(handler);
  let job = { lines: 0, linesPerEvent: 1 };
  server.listen(0, '127.0.0.1', () => {
    sayToBench({ kind: 'ready', version });
  });
  onCommands(
    (command) => {
      if (command.kind === 'go') return publishJob(channel, linesPath, job.lines, job.linesPerEvent);
      job = command;
      const { port } = server.address() as AddressInfo;
      sayToBench({
        kind: 'prepared',
        port,
        pids: [process.pid],
        request: requestText(path),
        shape: { kind: 'sse', seqKey: '"seq":', textKey: '"text":"' },
      });
      return undefined;
    },
    async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  );
}

function requestText(path: string): string {
  const body = JSON.stringify({ query: STOCK_QUERY });
  return [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Accept: text/event-stream',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
