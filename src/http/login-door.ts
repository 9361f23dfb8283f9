import { z } from 'zod';
import { isLetIn } from './credential-check.ts';
import type { Entrance } from './entrance.ts';
import type { Door } from './exchange.ts';
import { destinationOf, redirect } from './login-hop.ts';
import { hasOwnOrigin } from './origin-check.ts';
import { sendPage } from './page-door.ts';
import { Refusal } from './refusal.ts';
import { readBody } from './request-body.ts';
import { clearSessionCookie, setSessionCookie } from './session-cookie.ts';

const loginRequest = z.object({ token: z.string() });

/** `GET /login?to=<path>`: the page that takes a token; who is logged in already is sent on. */
export function loginPageDoor({ check, files }: Entrance): Door {
  return async (exchange) => {
    const { req, res, url } = exchange;
    if (await isLetIn(check, req, url)) redirect(res, destinationOf(url));
    else sendPage(exchange, files, 'entrance/login');
  };
}

/**
 * `POST /login` with `{"token": …}`: begins a session and answers 204 with its cookie. A wrong token is answered late.
 * Only for pages of this server, and for programs.
 */
export function loginDoor({ auth, findToken, sessions, attempts, audit }: Entrance): Door {
  return async ({ req, res, signal, address }) => {
    // An allowed origin uses the token itself, and so has no use for a cookie; it shall not set one either.
    if (!hasOwnOrigin(req)) {
      throw new Refusal(403, 'FORBIDDEN', 'Only pages of this server can log in. Use Authorization: Bearer.');
    }
    const token = tokenIn(await readBody(req, signal));
    const found = auth === 'token' ? findToken(token) : undefined;
    if (auth === 'token' && found === undefined) {
      await attempts.answerLate(address);
      throw new Refusal(401, 'UNAUTHENTICATED', 'That is no token of this server.', {
        'WWW-Authenticate': 'Bearer',
      });
    }
    if (found !== undefined) {
      setSessionCookie(req, res, await sessions.begin(found.tokenId));
      await audit.record({ actor: { ...found, address }, action: 'login', subject: null, result: 'OK' });
    }
    res.writeHead(204).end();
  };
}

/** `POST /logout`: ends the session for good, cuts what it still receives, and answers 204. */
export function logoutDoor({ sessions, audit }: Entrance): Door {
  return async (exchange) => {
    const { req, res, session } = exchange;
    if (session !== undefined) {
      await sessions.end(session, res);
      await audit.record({ actor: exchange, action: 'logout', subject: null, result: 'OK' });
    }
    clearSessionCookie(req, res);
    res.writeHead(204).end();
  };
}

function tokenIn(body: string): string {
  try {
    return loginRequest.parse(JSON.parse(body)).token;
  } catch {
    throw new Refusal(400, 'INVALID_INPUT', 'The body must be {"token": "…"}.');
  }
}
