import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from './http-config.ts';
import { Refusal } from './refusal.ts';

const BEARER = /^Bearer +([^\s]+)$/i;
/** Query parameters by which people try to hand a token over; URLs end up in histories, logs and Referer headers. */
const TOKEN_PARAMETERS: readonly string[] = ['token', 'access_token', 'api_token', 'auth', 'authorization'];

/** Gives a check of the API token: one `Authorization: Bearer` header (RFC 6750, 2.1), compared in constant time. */
export function createCredentialCheck(
  config: Pick<HttpConfig, 'auth' | 'token'>,
): (req: IncomingMessage, url: URL) => void {
  // Digests, because timingSafeEqual takes equal lengths only, and a length tells something, too.
  const expected = digest(config.token);
  return (req, url) => {
    if (config.auth === 'token' && !isExpected(req.headersDistinct['authorization'], expected)) {
      throw new Refusal(
        401,
        'UNAUTHENTICATED',
        'This needs the server’s token, as Authorization: Bearer <token>.',
        {
          'WWW-Authenticate': 'Bearer',
        },
      );
    }
    if (TOKEN_PARAMETERS.some((name) => url.searchParams.has(name))) {
      throw new Refusal(
        400,
        'INVALID_INPUT',
        'A token does not belong in a URL. Send it as Authorization: Bearer <token>.',
      );
    }
  };
}

function isExpected(headers: readonly string[] | undefined, expected: Buffer): boolean {
  const [, token] = BEARER.exec(headers?.length === 1 ? (headers[0] ?? '') : '') ?? [];
  return token !== undefined && timingSafeEqual(digest(token), expected);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
