import { randomBytes } from 'node:crypto';
import { digestOf } from './digest-of.ts';

/** Long enough to go to the browser, too short to be found later in a terminal's history. */
export const TICKET_LIFETIME_MS = 5 * 60 * 1000;
/** Whoever asks for more than this at once gets the oldest ones dropped. */
const MOST_TICKETS = 100;

interface Issued {
  readonly tokenId: number | null;
  readonly expiresAtMs: number;
}

/**
 * Tickets that let one browser in once: issued → `redeem()`, or expiry, or a restart of the server → worthless. They may
 * stand in a URL, since whoever finds it there later has nothing.
 */
export class Tickets {
  readonly #now: () => number;
  /** By digest, oldest first. */
  readonly #issued = new Map<string, Issued>();

  /** @param now a clock in milliseconds. Default: the monotonic one */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param tokenId the stored token for which it is given; `null` for the API token */
  issue(tokenId: number | null): string {
    const nowMs = this.#now();
    for (const [digest, { expiresAtMs }] of this.#issued) {
      if (expiresAtMs > nowMs && this.#issued.size < MOST_TICKETS) break;
      this.#issued.delete(digest);
    }
    const ticket = randomBytes(32).toString('base64url');
    this.#issued.set(digestOf(ticket), { tokenId, expiresAtMs: nowMs + TICKET_LIFETIME_MS });
    return ticket;
  }

  /** @returns for which token it was given, if it was good; it is not, any more */
  redeem(ticket: string): Pick<Issued, 'tokenId'> | undefined {
    const digest = digestOf(ticket);
    const issued = this.#issued.get(digest);
    this.#issued.delete(digest);
    return issued !== undefined && issued.expiresAtMs > this.#now() ? issued : undefined;
  }
}
