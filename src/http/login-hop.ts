import type { IncomingMessage, ServerResponse } from 'node:http';

/** Only there to resolve a path; never looked at. */
const BASE = 'http://localhost';
const LOGIN_PATH = '/login';

/** Whether a browser asks for a page to show, as opposed to a program or a script that asks for data. */
export function wantsPage(req: IncomingMessage): boolean {
  return req.method === 'GET' && (req.headers.accept ?? '').includes('text/html');
}

/**
 * The target of the page that goes on to the login page by itself: what a visitor without a session is answered.
 *
 * Why not a redirect: a visitor who comes by a link on another site has a session, but the browser keeps a Strict cookie
 * back from navigations that another site began, redirects included. The hop begins at a page of ours, so there the
 * cookie is sent, and the login page leads back to where the link pointed, to the line.
 */
export function loginTargetOf(url: URL): string {
  // It stands between quotes.
  return `${LOGIN_PATH}?to=${encodeURIComponent(url.pathname + url.search).replaceAll("'", '%27')}`;
}

/**
 * Where to go after a login: the path in `to`, if it is one of this server; otherwise `/`. Never another origin, however
 * it is written (`//host`, `/\host`, with tabs between), and never the login itself.
 */
export function destinationOf(url: URL): string {
  const to = url.searchParams.get('to') ?? '/';
  if (!to.startsWith('/') || !URL.canParse(to, BASE)) return '/';
  const { origin, pathname, search, hash } = new URL(to, BASE);
  // A path of two slashes would be a host again when the browser reads it.
  if (origin !== BASE || pathname.startsWith('//')) return '/';
  if (pathname === LOGIN_PATH || pathname.startsWith(`${LOGIN_PATH}/`)) return '/';
  return pathname + search + hash;
}

/** Sends the browser on with a GET. */
export function redirect(res: ServerResponse, location: string): void {
  res.writeHead(303, { Location: location, 'Content-Length': 0 }).end();
}
