import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * `fetch` with a connection of its own for each request, which ends with it. Node's keeps idle ones for four seconds, and
 * each is a descriptor of the server that a look at what is left would have to wait for.
 */
export const fetchAlone: typeof fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  const outgoing = request(url, {
    agent: false,
    method: init?.method ?? 'GET',
    headers: Object.fromEntries(new Headers(init?.headers)),
    ...(init?.signal == null ? {} : { signal: init.signal }),
  });
  outgoing.end(init?.body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  outgoing.on('error', () => undefined); // The body says so.
  return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, {
    status: incoming.statusCode ?? 0,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
  });
};
