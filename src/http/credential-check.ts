import type { IncomingMessage } from 'node:http';
import type { Actor } from '../domain/audit.ts';
import type { Scope } from '../domain/scope.ts';
import type { ApiTokens } from './api-tokens.ts';
import { findTokenById, type FindToken } from './find-token.ts';
import type { HttpConfig } from './http-config.ts';
import { hasOwnOrigin } from './origin-check.ts';
import { Refusal } from './refusal.ts';
import { senderOf } from './sender.ts';
import { OWN_PAGE_HEADER, readSessionCookie } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';
import type { WrongAttempts } from './wrong-attempts.ts';

const BEARER = /^Bearer +([^\s]+)$/i;
/** Query parameters by which people try to hand a token over; URLs end up in histories, logs and Referer headers. */
const TOKEN_PARAMETERS: readonly string[] = ['token', 'access_token', 'api_token', 'auth', 'authorization'];
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD'];

/** Who asks. */
export interface Caller extends Actor {
  /** The same text for the same credential, which cannot be had back from it; empty at public paths. */
  readonly holder: string;
  /** What it may do. */
  readonly scope: Scope;
  /** Digest of the session; undefined where the caller brought the token itself, or none is needed. */
  readonly session: string | undefined;
}

const ANYBODY: Caller = {
  holder: '',
  scope: 'read',
  tokenId: null,
  session: undefined,
  title: 'anybody',
  address: '',
};
/** Where nobody is asked who it is: at the public paths. What stands behind them asks the check itself. */
export function anybody(req: IncomingMessage): Caller {
  return { ...ANYBODY, address: senderOf(req).address };
}

/** Where the server was told to ask nobody. */
const EVERYBODY: Caller = { ...ANYBODY, holder: 'anyone', scope: 'admin' };

/** What the check looks at. */
export interface CredentialCheckParts {
  readonly auth: HttpConfig['auth'];
  readonly findToken: FindToken;
  readonly tokens: ApiTokens;
  readonly sessions: Sessions;
  readonly attempts: WrongAttempts;
}

/**
 * Passes a request whose Host and Origin have been checked, or rejects with its refusal.
 * @param ownParameters names among the refused query parameters that are no credential at this path
 */
export type CredentialCheck = (
  req: IncomingMessage,
  url: URL,
  ownParameters?: readonly string[],
) => Promise<Caller>;

/**
 * Gives a check of the two credentials: one `Authorization: Bearer` header (RFC 6750, 2.1) with a token; or the cookie of a
 * session, from pages of ours alone. A token that is wrong is refused late; what cannot be one, or none, at once.
 */
export function createCredentialCheck({
  auth,
  findToken,
  tokens,
  sessions,
  attempts,
}: CredentialCheckParts): CredentialCheck {
  const identify = async (req: IncomingMessage): Promise<Caller | undefined> => {
    const { address } = senderOf(req);
    if (auth === 'off') return { ...EVERYBODY, address };
    const given = bearerToken(req);
    const token = given === undefined ? undefined : findToken(given);
    if (token !== undefined) {
      const holder = `token ${String(token.tokenId ?? 'of the server')}`;
      return { ...token, holder, session: undefined, address };
    }
    // A cookie that is not known is no guess: it is old, or out of 256 random bits.
    if (given !== undefined) await attempts.answerLate(address);
    return sessionCaller(req, sessions, tokens);
  };
  return async (req, url, ownParameters = []) => {
    const caller = await identify(req);
    if (caller === undefined) {
      throw new Refusal(
        401,
        'UNAUTHENTICATED',
        'This needs a token of the server, as Authorization: Bearer <token>.',
        { 'WWW-Authenticate': 'Bearer' },
      );
    }
    const isMisplaced = (name: string): boolean =>
      ownParameters.includes(name)
        ? url.searchParams.getAll(name).some((value) => findToken(value) !== undefined)
        : url.searchParams.has(name);
    if (TOKEN_PARAMETERS.some(isMisplaced)) {
      throw new Refusal(
        400,
        'INVALID_INPUT',
        'A token does not belong in a URL. Send it as Authorization: Bearer <token>.',
      );
    }
    return caller;
  };
}

/** Asks the check as a question, for pages that answer both. @throws what is no lack of a credential */
export async function isLetIn(check: CredentialCheck, req: IncomingMessage, url: URL): Promise<boolean> {
  try {
    await check(req, url);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return false;
    throw error;
  }
}

async function sessionCaller(
  req: IncomingMessage,
  sessions: Sessions,
  tokens: ApiTokens,
): Promise<Caller | undefined> {
  // Who brings a token that is wrong is not let in by the cookie that the browser adds.
  if (req.headers.authorization !== undefined || !comesFromOwnPage(req)) return undefined;
  const secret = readSessionCookie(req);
  const session = secret === undefined ? undefined : await sessions.find(secret);
  const token = session && findTokenById(tokens, session.tokenId);
  if (session === undefined || token === undefined) return undefined;
  if (!SAFE_METHODS.includes(req.method ?? '') && req.headers[OWN_PAGE_HEADER] === undefined) {
    throw new Refusal(
      403,
      'FORBIDDEN',
      'A request with a session cookie that may change something needs the header Lifeline-Request, too.',
    );
  }
  const { digest } = session;
  const title = token.tokenId === null ? 'a browser session' : `a browser session of ${token.title}`;
  return { ...token, title, holder: `session ${digest}`, session: digest, address: senderOf(req).address };
}

/**
 * SameSite keeps the cookie from other sites, but for a browser all ports of a host are one site; and an allowed origin
 * gets in by token only. Navigations are let in from everywhere, since nobody but the visitor sees where they lead.
 * Browsers tell where a request comes from on loopback addresses and over HTTPS; elsewhere the Origin alone must do.
 */
function comesFromOwnPage(req: IncomingMessage): boolean {
  if (!hasOwnOrigin(req)) return false;
  const site = req.headers['sec-fetch-site'];
  const isNavigation =
    req.method === 'GET' &&
    req.headers['sec-fetch-mode'] === 'navigate' &&
    req.headers['sec-fetch-dest'] === 'document';
  return site === undefined || site === 'same-origin' || site === 'none' || isNavigation;
}

function bearerToken(req: IncomingMessage): string | undefined {
  const headers = req.headersDistinct['authorization'] ?? [];
  return headers.length === 1 ? BEARER.exec(headers[0] ?? '')?.[1] : undefined;
}
