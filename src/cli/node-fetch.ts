import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import type { Fetch, FetchResponse } from '../client/endpoint.ts';

// Why not the global fetch: loading it takes 30 ms, a sixth of the time in which `lifeline ps` is done.

/** As much of `fetch` as commands need, one connection for each request. Follows no redirects. */
export const nodeFetch: Fetch = (url, { method, headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const request = send(url, {
      method,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      ...(signal != null && { signal }),
    });
    request.once('response', (response) => resolve(responseOf(response)));
    // Stays: what breaks a response is told by the request, too.
    request.on('error', reject);
    request.end(body);
  });

function responseOf(response: IncomingMessage): FetchResponse {
  return {
    status: response.statusCode ?? 0,
    headers: { get: (name) => response.headersDistinct[name]?.join(', ') ?? null },
    get body() {
      return Readable.toWeb(response) as ReadableStream<Uint8Array>;
    },
    json: () => json(response),
  };
}
