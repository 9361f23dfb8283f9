import { isLetIn } from './credential-check.ts';
import type { Entrance } from './entrance.ts';
import type { Door } from './exchange.ts';
import { redirect } from './login-hop.ts';
import { ownOrigin } from './origin-check.ts';
import { Refusal } from './refusal.ts';
import { setSessionCookie } from './session-cookie.ts';
import { TICKET_LIFETIME_MS } from './tickets.ts';

export const TICKET_PATH = '/login/ticket';

/** The path that lets one browser in once. Without authentication there is nothing to be let into. */
export function ticketPath({ auth, tickets }: Entrance, tokenId: number | null): string {
  return auth === 'off' ? '/' : `${TICKET_PATH}?ticket=${tickets.issue(tokenId)}`;
}

/**
 * `POST /login/ticket`: gives `{"url": …, "expiresAt": …}` for a browser to open. Only for holders of the token itself: a
 * session cannot beget others.
 */
export function ticketIssueDoor(entrance: Entrance): Door {
  return async (exchange) => {
    const { req, res, session, tokenId } = exchange;
    if (session !== undefined) {
      throw new Refusal(403, 'FORBIDDEN', 'A ticket is given for the token only: Authorization: Bearer.');
    }
    const body = JSON.stringify({
      url: `${ownOrigin(req)}${ticketPath(entrance, tokenId)}`,
      expiresAt: new Date(Date.now() + TICKET_LIFETIME_MS).toISOString(),
    });
    await entrance.audit.record({ actor: exchange, action: 'issueTicket', subject: null, result: 'OK' });
    res.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
    });
    res.end(body);
  };
}

/**
 * `GET /login/ticket?ticket=…`: begins a session and goes on to `/`. A ticket that is used or too old leads to the login
 * page, late, which says so; who is logged in already goes on, so that a reload does no harm.
 */
export function ticketDoor({ auth, check, sessions, tickets, attempts, audit }: Entrance): Door {
  return async ({ req, res, url, address }) => {
    const given = url.searchParams.get('ticket') ?? '';
    const ticket = auth === 'token' ? tickets.redeem(given) : undefined;
    if (ticket !== undefined) {
      const { tokenId } = ticket;
      setSessionCookie(req, res, await sessions.begin(tokenId));
      const actor = { title: 'a ticket', tokenId, address };
      await audit.record({ actor, action: 'login', subject: null, result: 'OK' });
      redirect(res, '/');
      return;
    }
    if (await isLetIn(check, req, url)) {
      redirect(res, '/');
      return;
    }
    if (given !== '') await attempts.answerLate(address);
    redirect(res, '/login?used');
  };
}
