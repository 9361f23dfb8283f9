import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Actor, isRefusal } from '../domain/audit.ts';
import { LifelineError } from '../domain/errors.ts';
import type { FaultLog } from '../graphql/errors.ts';
import type { AuditTrail, Services } from '../graphql/services.ts';
import { clientGone } from './client-gone.ts';
import type { ApiTokens } from './api-tokens.ts';
import { createCredentialCheck } from './credential-check.ts';
import { describeDoor } from './describe-door.ts';
import type { LeftToDo, Route } from './exchange.ts';
import { createFindToken } from './find-token.ts';
import { sendFailure } from './failure.ts';
import { createEntrance, type Entrance } from './entrance.ts';
import { createGate, type Gate, rawPath } from './gate.ts';
import { GRAPHQL_STREAM_PATH } from './graphql-stream-door.ts';
import { inUrl } from './host-check.ts';
import type { HttpConfig } from './http-config.ts';
import type { Answer, HttpTimeouts, Listener } from './listener.ts';
import { isLoopback } from './loopback.ts';
import { OpenStreams } from './open-streams.ts';
import { createPlainListener } from './plain-listener.ts';
import { type ErrorForm, Refusal } from './refusal.ts';
import { createRoutes } from './routes.ts';
import { knownAddress } from './sender.ts';
import { type SessionRecords, Sessions } from './sessions.ts';
import { StaticFiles } from './static-files.ts';
import { STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
import { StreamReservations } from './stream-reservations.ts';
import { ticketPath } from './ticket-door.ts';
import { Tickets } from './tickets.ts';
import { createTlsListener } from './tls-listener.ts';
import { listenOnSocket } from './unix-socket.ts';
import { WrongAttempts } from './wrong-attempts.ts';
import { GRAPHQL_PATH } from '../graphql/yoga.ts';

export interface HttpServerParts {
  readonly services: Services;
  /** Where the sessions of browsers are kept. */
  readonly sessionRecords: SessionRecords;
  /** Borrowed. */
  readonly tokens: ApiTokens;
  readonly config: HttpConfig;
  /** A pino logger is one. Gets faults of the server, never what clients do wrong. */
  readonly logger: FaultLog;
  /** Default: `TIMEOUTS`. */
  readonly timeouts?: Partial<HttpTimeouts>;
  /** Of `/graphql/stream`. Default: `STREAM_LIMITS`. */
  readonly streamLimits?: Partial<StreamLimits>;
  /** The pages. Default: what the build made. */
  readonly files?: StaticFiles;
}

const TIMEOUTS: HttpTimeouts = { headersMs: 10_000, requestMs: 30_000, lifeSignMs: 20_000 };
/** Nothing is loaded, framed, guessed or kept of what this server answers. Streams say otherwise of the last. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
};

/** Without authentication, a name was bound that leads to where others come, too. */
export class NotLoopbackError extends Error {
  constructor(address: string) {
    super(`Without authentication it must not listen on ${address}.`);
    this.name = new.target.name;
  }
}

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
  readonly #streams: OpenStreams;
  /** On the port, where there is one. */
  readonly #network: Listener | undefined;
  /** On the unix socket, where there is one. */
  readonly #socket: Listener | undefined;
  readonly #gate: Gate;
  readonly #audit: AuditTrail;
  readonly #routes: readonly Route[];
  readonly #sessions: Sessions;
  readonly #tokens: ApiTokens;
  readonly #entrance: Entrance;
  readonly #attempts = new WrongAttempts();
  /** One for each request that is not answered and noted yet, whether its client is still there or not. */
  readonly #exchanges = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  /** Made by `createHttpServer`. */
  constructor({
    services,
    sessionRecords,
    tokens,
    config,
    logger,
    timeouts,
    streamLimits,
    files = new StaticFiles(),
  }: HttpServerParts) {
    this.#config = config;
    this.#logger = logger;
    this.#streams = new OpenStreams(config);
    const sessions = new Sessions({ records: sessionRecords, token: config.token });
    const findToken = createFindToken(config.token, tokens);
    const attempts = this.#attempts;
    const check = createCredentialCheck({ auth: config.auth, findToken, tokens, sessions, attempts });
    this.#sessions = sessions;
    this.#tokens = tokens;
    const { audit } = services;
    this.#audit = audit;
    const tickets = new Tickets();
    this.#entrance = createEntrance(config, { check, findToken, sessions, tickets, attempts, files, audit });
    this.#routes = createRoutes({
      services,
      log: logger,
      isReady: () => this.#closed === undefined,
      reservations: new StreamReservations(
        { ...STREAM_LIMITS, ...streamLimits },
        services.streams,
        this.#streams.closing,
      ),
      entrance: this.#entrance,
    });
    this.#gate = createGate(config, check, this.#routes);
    const answer =
      (isOverUnixSocket: boolean): Answer =>
      (req, res) => {
        const exchange = this.#answer(req, res, isOverUnixSocket).finally(() =>
          this.#exchanges.delete(exchange),
        );
        this.#exchanges.add(exchange);
      };
    const limits = { ...TIMEOUTS, ...timeouts };
    if (config.port !== null) {
      this.#network =
        config.tls === null
          ? createPlainListener(limits, answer(false))
          : createTlsListener(config.tls, limits, answer(false));
    }
    if (config.socketPath !== null) this.#socket = createPlainListener(limits, answer(true));
  }

  /**
   * Binds. @returns the URL to reach it at: `unix:<path>` for a socket. Where it listens on a port and on a socket, that of
   * the port; `urls` has both
   * @throws SocketPathError, NotLoopbackError, and what `net.Server.listen` emits, such as EADDRINUSE
   */
  async listen(): Promise<{ url: string; urls: readonly string[] }> {
    const { host, port, socketPath, tls, auth } = this.#config;
    const urls: string[] = [];
    if (this.#network !== undefined) {
      const { server } = this.#network;
      server.listen({ host, port: port ?? 0 });
      await once(server, 'listening');
      const bound = server.address() as AddressInfo;
      if (auth === 'off' && !isLoopback(bound.address)) {
        // Nothing was accepted yet: that takes another turn of the event loop.
        server.close();
        throw new NotLoopbackError(bound.address);
      }
      urls.push(`${tls === null ? 'http' : 'https'}://${reachable(host, bound)}:${String(bound.port)}`);
    }
    if (this.#socket !== undefined && socketPath !== null) {
      await listenOnSocket(this.#socket.server, socketPath);
      urls.push(`unix:${socketPath}`);
    }
    return { url: urls[0] ?? '', urls };
  }

  /**
   * Makes a ticket. @returns the URL under `base` that lets one browser in, once and soon; without authentication, the
   * URL of the first page
   */
  ticketUrl(base: string): string {
    return new URL(ticketPath(this.#entrance, null), base).href;
  }

  /**
   * Stops accepting, cuts every open stream at once without its end, and lets other requests finish until the deadline,
   * then cuts them, too. Idempotent; resolves when no connection is left and nothing is done for one any more.
   */
  close({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  async #close(deadlineMs: number): Promise<void> {
    const listeners = this.#listeners();
    const closed = listeners.map(
      ({ server }) =>
        new Promise<void>((resolve) => {
          // An error here says that it was not listening, which is as good.
          server.close(() => {
            resolve();
          });
        }),
    );
    this.#streams.cutAll();
    this.#attempts[Symbol.dispose]();
    for (const listener of listeners) listener.closeIdle();
    const deadline = setTimeout(() => {
      for (const listener of listeners) listener.cutAll();
    }, deadlineMs);
    await Promise.all(closed);
    clearTimeout(deadline);
    await Promise.all(this.#exchanges);
  }

  #listeners(): readonly Listener[] {
    return [this.#network, this.#socket].filter((listener) => listener !== undefined);
  }

  async #answer(req: IncomingMessage, res: ServerResponse, isOverUnixSocket: boolean): Promise<void> {
    // A broken connection shows itself by `close`; without a listener its error would end the process.
    res.on('error', ignore);
    res.on('close', () => {
      // Kept alive for a next request, it would hold up a server that closes.
      if (this.#closed !== undefined)
        setImmediate(() => {
          for (const listener of this.#listeners()) listener.closeIdle();
        });
    });
    const signal = clientGone(req, res);
    const goOn = await this.#enter(req, res, isOverUnixSocket, signal);
    try {
      await goOn?.();
    } catch (error) {
      if (!signal.aborted) sendFailure(res, errorFormOf(req), error, this.#logger);
    }
  }

  async #enter(
    req: IncomingMessage,
    res: ServerResponse,
    isOverUnixSocket: boolean,
    signal: AbortSignal,
  ): Promise<LeftToDo> {
    let actor: Actor | undefined;
    try {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value);
      // HTTP/2 says it for the whole connection.
      if (this.#closed !== undefined && req.httpVersionMajor < 2) res.setHeader('Connection', 'close');
      const admission = await this.#gate(req, res, isOverUnixSocket);
      if (admission.kind === 'preflight') {
        res.writeHead(204).end();
        return;
      }
      const { route, url, pathValue, caller } = admission;
      actor = caller;
      // It may have left while its session was looked up.
      if (signal.aborted) return;
      if (caller.session !== undefined) this.#sessions.attach(caller.session, res);
      if (caller.tokenId !== null) this.#tokens.attach(caller.tokenId, res);
      return await route.door({ req, res, url, pathValue, ...caller, signal, streams: this.#streams });
    } catch (error) {
      this.#noteRefusal(error, req, actor);
      if (!signal.aborted) sendFailure(res, errorFormOf(req), error, this.#logger);
    }
  }

  #noteRefusal(error: unknown, req: IncomingMessage, actor: Actor = unknownActor(req)): void {
    if (!(error instanceof Refusal || error instanceof LifelineError) || !isRefusal(error.code)) return;
    const action = describeDoor(this.#routes, req);
    void this.#audit.record({ actor, action, subject: null, result: error.code });
  }
}

function ignore(): void {
  // Nothing to do: see where it is used.
}

/** Whom the gate did not let in, for whatever reason. */
function unknownActor(req: IncomingMessage): Actor {
  return { title: 'somebody unknown', tokenId: null, address: knownAddress(req) };
}

/** Refused at the gate or not, a GraphQL client reads `errors`. */
function errorFormOf(req: IncomingMessage): ErrorForm {
  return [GRAPHQL_PATH, GRAPHQL_STREAM_PATH].includes(rawPath(req)) ? 'graphql' : 'plain';
}

/** A wildcard address, however it was written, is bound, not visited. */
function reachable(host: string, { address }: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return inUrl(host);
}
