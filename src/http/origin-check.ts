import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from './refusal.ts';
import { senderOf } from './sender.ts';

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, DELETE';
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Accept, Last-Event-ID, Range, X-GraphQL-Event-Stream-Token';
const EXPOSED_HEADERS = 'Content-Disposition, Content-Range, Accept-Ranges, Lifeline-Kept-From';
const PREFLIGHT_SECONDS = '600';

/** Whether a request comes from a page of this server, or from no page at all: programs send no Origin. */
export function hasOwnOrigin(req: IncomingMessage): boolean {
  const origins = req.headersDistinct['origin'] ?? [];
  return origins.length === 0 || (origins.length === 1 && origins[0]?.toLowerCase() === ownOrigin(req));
}

/** The origin of this server as this client sees it, in lower case. Only for a request whose Host was checked. */
export function ownOrigin(req: IncomingMessage): string {
  return `${senderOf(req).scheme}://${req.headers.host ?? ''}`.toLowerCase();
}

/**
 * Lets pages of this server and of the allowed origins in, and nobody else's; programs send no Origin. An allowed origin
 * gets the CORS headers, without credentials: it uses a token, never cookies.
 * @returns whether this was a preflight and is to be answered with 204
 * @throws Refusal 403
 */
export function checkOrigin(
  req: IncomingMessage,
  res: ServerResponse,
  allowedOrigins: readonly string[],
): boolean {
  res.setHeader('Vary', 'Origin');
  const [origin, ...others] = req.headersDistinct['origin'] ?? [];
  if (origin === undefined) return false;
  if (others.length === 0 && origin.toLowerCase() === ownOrigin(req)) return false;
  if (others.length > 0 || !allowedOrigins.includes(origin)) {
    throw new Refusal(
      403,
      'FORBIDDEN',
      'Pages of that origin may not use this server. Start it with --allowed-origin to allow them.',
    );
  }
  res.setHeader('Access-Control-Allow-Origin', origin);
  res.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false;
  res.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS);
  res.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
  res.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  return true;
}
