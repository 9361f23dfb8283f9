import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from './http-config.ts';
import { hasOwnOrigin } from './origin-check.ts';
import { Refusal } from './refusal.ts';
import { senderOf } from './sender.ts';
import { OWN_PAGE_HEADER, readSessionCookie } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';

const BEARER = /^Bearer +([^\s]+)$/i;
/** Query parameters by which people try to hand a token over; URLs end up in histories, logs and Referer headers. */
const TOKEN_PARAMETERS: readonly string[] = ['token', 'access_token', 'api_token', 'auth', 'authorization'];
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD'];

/** Who asks. */
export interface Caller {
  /** The same text for the same credential, which cannot be had back from it; empty at public paths. */
  readonly holder: string;
  /** Digest of the session; undefined where the caller brought the token itself, or none is needed. */
  readonly session: string | undefined;
  /** For people: with what, and from where, such as `the API token, from 127.0.0.1`. Nothing secret is in it. */
  readonly requester: string;
}

/** Where nobody is asked who it is. */
export const ANYBODY: Caller = { holder: '', session: undefined, requester: 'anybody' };

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
 * Gives a check of the two credentials: one `Authorization: Bearer` header (RFC 6750, 2.1) with the API token, compared
 * in constant time; or the cookie of a session, from pages of ours alone.
 */
export function createCredentialCheck(
  config: Pick<HttpConfig, 'auth' | 'token'>,
  sessions: Sessions,
): CredentialCheck {
  const isToken = createTokenComparison(config.token);
  const isAsked = config.auth === 'token';
  const holder = isAsked ? digest(config.token).toString('hex') : 'anyone';
  const owner = (req: IncomingMessage): Caller => ({
    holder,
    session: undefined,
    requester: from(isAsked ? 'the API token' : 'anybody', req),
  });
  return async (req, url, ownParameters = []) => {
    const caller =
      config.auth === 'off' || isToken(bearerToken(req)) ? owner(req) : await sessionCaller(req, sessions);
    if (caller === undefined) {
      throw new Refusal(
        401,
        'UNAUTHENTICATED',
        'This needs the server’s token, as Authorization: Bearer <token>.',
        { 'WWW-Authenticate': 'Bearer' },
      );
    }
    const isMisplaced = (name: string): boolean =>
      ownParameters.includes(name)
        ? url.searchParams.getAll(name).some((value) => isToken(value))
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

/** Gives a comparison with the API token that takes the same time for every text. */
export function createTokenComparison(token: string): (given: string | undefined) => boolean {
  // Digests, because timingSafeEqual takes equal lengths only, and a length tells something, too.
  const expected = digest(token);
  return (given) => given !== undefined && timingSafeEqual(digest(given), expected);
}

async function sessionCaller(req: IncomingMessage, sessions: Sessions): Promise<Caller | undefined> {
  // Who brings a token that is wrong is not let in by the cookie that the browser adds.
  if (req.headers.authorization !== undefined || !comesFromOwnPage(req)) return undefined;
  const secret = readSessionCookie(req);
  const session = secret === undefined ? undefined : await sessions.find(secret);
  if (session === undefined) return undefined;
  if (!SAFE_METHODS.includes(req.method ?? '') && req.headers[OWN_PAGE_HEADER] === undefined) {
    throw new Refusal(
      403,
      'FORBIDDEN',
      'A request with a session cookie that may change something needs the header Lifeline-Request, too.',
    );
  }
  return { holder: `session ${session}`, session, requester: from('a browser session', req) };
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

function from(what: string, req: IncomingMessage): string {
  const { address } = senderOf(req);
  return address === '' ? what : `${what}, from ${address}`;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
