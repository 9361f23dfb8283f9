import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FaultLog } from '../graphql/errors.ts';
import type { Services } from '../graphql/services.ts';
import { sendClientError } from './client-error.ts';
import { clientGone } from './client-gone.ts';
import { createCredentialCheck } from './credential-check.ts';
import { sendFailure } from './failure.ts';
import { createEntrance, type Entrance } from './entrance.ts';
import { createGate, type Gate } from './gate.ts';
import { GRAPHQL_STREAM_PATH } from './graphql-stream-door.ts';
import { inUrl } from './host-check.ts';
import type { HttpConfig } from './http-config.ts';
import { OpenStreams } from './open-streams.ts';
import type { ErrorForm } from './refusal.ts';
import { createRoutes } from './routes.ts';
import { type SessionRecords, Sessions } from './sessions.ts';
import { StaticFiles } from './static-files.ts';
import { STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
import { StreamReservations } from './stream-reservations.ts';
import { ticketPath } from './ticket-door.ts';
import { Tickets } from './tickets.ts';
import { GRAPHQL_PATH } from '../graphql/yoga.ts';

/** How long clients may take; tests shorten them. Responses, streams above all, may last for ever. */
export interface HttpTimeouts {
  /** Until the headers are complete. */
  readonly headersMs: number;
  /** Until the body is complete, counted from the first byte of the request. */
  readonly requestMs: number;
}

export interface HttpServerParts {
  readonly services: Services;
  /** Where the sessions of browsers are kept. */
  readonly sessionRecords: SessionRecords;
  readonly config: HttpConfig;
  /** A pino logger is one. Gets faults of the server, never what clients do wrong. */
  readonly logger: FaultLog;
  readonly timeouts?: HttpTimeouts;
  /** Of `/graphql/stream`. Default: `STREAM_LIMITS`. */
  readonly streamLimits?: Partial<StreamLimits>;
  /** The pages. Default: what the build made. */
  readonly files?: StaticFiles;
}

const TIMEOUTS: HttpTimeouts = { headersMs: 10_000, requestMs: 30_000 };
/** Nothing is loaded, framed, guessed or kept of what this server answers. Streams say otherwise of the last. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
};

/** Makes the server of the public face. It opens nothing before `listen()`. */
export function createHttpServer(parts: HttpServerParts): LifelineHttpServer {
  return new LifelineHttpServer(parts);
}

/**
 * Our own HTTP server around all doors: every request passes one gate, gets a signal that ends with its client, and is
 * answered once, whatever a door throws.
 *
 * States: made → `listen()` → listening → `close()` → closed.
 */
export class LifelineHttpServer {
  readonly #config: HttpConfig;
  readonly #logger: FaultLog;
  readonly #streams = new OpenStreams();
  readonly #server: Server;
  readonly #gate: Gate;
  readonly #sessions: Sessions;
  readonly #entrance: Entrance;
  /** The response under way on a connection, where there is one. */
  readonly #answering = new WeakMap<Duplex, ServerResponse>();
  #closed: Promise<void> | undefined;

  /** Made by `createHttpServer`. */
  constructor({
    services,
    sessionRecords,
    config,
    logger,
    timeouts = TIMEOUTS,
    streamLimits,
    files = new StaticFiles(),
  }: HttpServerParts) {
    this.#config = config;
    this.#logger = logger;
    const sessions = new Sessions({ records: sessionRecords, token: config.token });
    const check = createCredentialCheck(config, sessions);
    this.#sessions = sessions;
    this.#entrance = createEntrance(config, { check, sessions, tickets: new Tickets(), files });
    this.#gate = createGate(
      config,
      check,
      createRoutes({
        services,
        log: logger,
        isReady: () => this.#closed === undefined,
        reservations: new StreamReservations({ ...STREAM_LIMITS, ...streamLimits }, this.#streams.closing),
        entrance: this.#entrance,
      }),
    );
    this.#server = createServer({
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: Math.min(1_000, timeouts.headersMs),
      // Ours answers with a body and the usual headers.
      requireHostHeader: false,
    });
    // Beyond a number of headers Node drops the rest without a word, a foreign Origin among them; their bytes are bounded.
    this.#server.maxHeadersCount = 0;
    const listener = (req: IncomingMessage, res: ServerResponse): void => void this.#answer(req, res);
    this.#server.on('request', listener);
    // Nobody is told to go on with a body that the gate would refuse.
    this.#server.on('checkContinue', listener);
    this.#server.on('clientError', (error, socket) => {
      const res = this.#answering.get(socket);
      // An error in the middle of a response, a stream above all, has no place to be told.
      if (res?.headersSent === true && !res.writableFinished) socket.destroy();
      else sendClientError(error, socket);
    });
    // One for each request that a client has pipelined: not a leak.
    this.#server.on('connection', (socket) => socket.setMaxListeners(0));
  }

  /** Binds. @returns the URL to reach it at. @throws what `net.Server.listen` emits, such as EADDRINUSE */
  async listen(): Promise<{ url: string }> {
    this.#server.listen({ host: this.#config.host, port: this.#config.port });
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return { url: `http://${reachable(this.#config.host)}:${String(port)}` };
  }

  /**
   * Makes a ticket. @returns the URL under `base` that lets one browser in, once and soon; without authentication, the
   * URL of the first page
   */
  ticketUrl(base: string): string {
    return new URL(ticketPath(this.#entrance), base).href;
  }

  /**
   * Stops accepting, cuts every open stream at once without its end, and lets other requests finish until the deadline,
   * then cuts them, too. Idempotent; resolves when no connection is left.
   */
  close({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  async #close(deadlineMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      // An error here says that it was not listening, which is as good.
      this.#server.close(() => {
        resolve();
      });
    });
    this.#streams.cutAll();
    this.#server.closeIdleConnections();
    const deadline = setTimeout(() => {
      this.#server.closeAllConnections();
    }, deadlineMs);
    await closed;
    clearTimeout(deadline);
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // A broken connection shows itself by `close`; without a listener its error would end the process.
    res.on('error', () => undefined);
    this.#answering.set(req.socket, res);
    res.once('close', () => {
      // Kept alive for a next request, it would hold up a server that closes.
      if (this.#closed !== undefined)
        setImmediate(() => {
          this.#server.closeIdleConnections();
        });
    });
    const signal = clientGone(req, res);
    const errorForm = errorFormOf(req);
    try {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value);
      if (this.#closed !== undefined) res.setHeader('Connection', 'close');
      const admission = await this.#gate(req, res);
      if (admission.kind === 'preflight') {
        res.writeHead(204).end();
        return;
      }
      const { route, url, pathValue, caller } = admission;
      // It may have left while its session was looked up.
      if (signal.aborted) return;
      if (caller.session !== undefined) this.#sessions.attach(caller.session, res);
      await route.door({ req, res, url, pathValue, ...caller, signal, streams: this.#streams });
    } catch (error) {
      if (!signal.aborted) sendFailure(res, errorForm, error, this.#logger);
    }
  }
}

/** Refused at the gate or not, a GraphQL client reads `errors`. */
function errorFormOf(req: IncomingMessage): ErrorForm {
  const path = req.url?.split('?', 1)[0] ?? '';
  return [GRAPHQL_PATH, GRAPHQL_STREAM_PATH].includes(path) ? 'graphql' : 'plain';
}

/** A wildcard address is bound, not visited. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return inUrl(host);
}
