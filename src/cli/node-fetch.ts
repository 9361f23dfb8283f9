import { request as requestHttp, type ClientRequestArgs, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable, type Duplex } from 'node:stream';
import { json } from 'node:stream/consumers';
import { connect as connectTls, rootCertificates } from 'node:tls';
import type { Fetch, FetchResponse } from '../client/endpoint.ts';

// Why not the global fetch: loading it takes 30 ms, a sixth of the time in which `lifeline ps` is done.

/** How to reach a server, and how to know it, where its URL alone does not say that. */
export interface Route {
  /** Connects to this unix socket instead of the URL's host. */
  readonly socketPath?: string | undefined;
  /** SHA-256 of the certificate that it must have: then no authority, and no name in it, is asked for. */
  readonly certificate?: string | undefined;
  /** Certificates of further authorities (PEM), beside the usual ones. */
  readonly authorities?: string | undefined;
}

/** Gives as much of `fetch` as commands need, one connection for each request. Follows no redirects. */
export function nodeFetch({ socketPath, certificate, authorities }: Route): Fetch {
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const isEncrypted = url.startsWith('https:');
      const send = isEncrypted ? requestHttps : requestHttp;
      const request = send(url, {
        method,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(isEncrypted && certificate !== undefined
          ? { createConnection: connectTo(certificate) }
          : { agent: false }),
        ...(socketPath !== undefined && { socketPath }),
        ...(authorities !== undefined && { ca: [...rootCertificates, authorities] }),
        ...(signal != null && { signal }),
      });
      request.once('response', (response) => resolve(responseOf(response)));
      // Stays: what breaks a response is told by the request, too.
      request.on('error', reject);
      request.end(body);
    });
}

/** Hands a connection over only once the other side has proved that it has the key of this very certificate. */
function connectTo(certificate: string): (options: ClientRequestArgs, done: ConnectionDone) => undefined {
  return ({ host, port }, done) => {
    const socket = connectTls({
      host: host ?? 'localhost',
      port: Number(port),
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    const fail = (error: Error): void => {
      done(error, socket);
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      if (socket.getPeerCertificate().fingerprint256 === certificate) {
        done(null, socket);
        return;
      }
      socket.destroy();
      done(new WrongCertificateError(), socket);
    });
    return undefined;
  };
}

type ConnectionDone = (error: Error | null, socket: Duplex) => void;

/** Who listens there is not the server that left the pointer. */
class WrongCertificateError extends Error {
  readonly code = 'WRONG_CERTIFICATE';
}

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
