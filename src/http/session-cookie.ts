import type { IncomingMessage, ServerResponse } from 'node:http';
import { senderOf } from './sender.ts';
import { SESSION_LIFETIME_MS } from './sessions.ts';

/**
 * Pages of ours send this header with whatever is no GET; any text. A page of another origin cannot send it without a
 * preflight, which is refused or, for an allowed origin, leads to a request whose cookie does not count.
 */
export const OWN_PAGE_HEADER = 'lifeline-request';

/** The secret of the session, if the request has a cookie of this server. */
export function readSessionCookie(req: IncomingMessage): string | undefined {
  const prefix = `${cookieName(req)}=`;
  return req.headers.cookie
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(prefix))
    ?.slice(prefix.length);
}

/**
 * Lets the browser keep the secret: not readable by scripts, and never sent along from other sites. Where it came over
 * HTTPS it stays there: `Secure`, and by its prefix (RFC 6265bis, 4.1.3.2) nobody without HTTPS can set one of its name.
 */
export function setSessionCookie(req: IncomingMessage, res: ServerResponse, secret: string): void {
  writeCookie(req, res, secret, SESSION_LIFETIME_MS / 1000);
}

/** Makes the browser forget it. */
export function clearSessionCookie(req: IncomingMessage, res: ServerResponse): void {
  writeCookie(req, res, '', 0);
}

/**
 * Browsers keep the cookies of all ports of a host together; so each server has a name of its own, by the port that the
 * browser knows.
 */
function cookieName(req: IncomingMessage): string {
  const isSecure = senderOf(req).scheme === 'https';
  const port = /:(\d+)$/.exec(req.headers.host ?? '')?.[1] ?? (isSecure ? '443' : '80');
  return `${isSecure ? '__Host-' : ''}lifeline-${port}`;
}

function writeCookie(req: IncomingMessage, res: ServerResponse, value: string, maxAgeSeconds: number): void {
  const secure = senderOf(req).scheme === 'https' ? '; Secure' : '';
  res.setHeader(
    'Set-Cookie',
    `${cookieName(req)}=${value}; Max-Age=${String(maxAgeSeconds)}; Path=/; HttpOnly; SameSite=Strict${secure}`,
  );
}
