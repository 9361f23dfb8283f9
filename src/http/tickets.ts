import { createHash, randomBytes } from 'node:crypto';

/** Long enough to go to the browser, too short to be found later in a terminal's history. */
export const TICKET_LIFETIME_MS = 5 * 60 * 1000;
/** Whoever asks for more than this at once gets the oldest ones dropped. */
const MOST_TICKETS = 100;

/**
 * Tickets that let one browser in once: issued → `redeem()`, or expiry, or a restart of the server → worthless. They may
 * stand in a URL, since whoever finds it there later has nothing.
 */
export class Tickets {
  readonly #now: () => number;
  /** Digest to the time of expiry, oldest first. */
  readonly #expiries = new Map<string, number>();

  /** @param now a clock in milliseconds. Default: the monotonic one */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  issue(): string {
    const nowMs = this.#now();
    for (const [digest, expiresAtMs] of this.#expiries) {
      if (expiresAtMs > nowMs && this.#expiries.size < MOST_TICKETS) break;
      this.#expiries.delete(digest);
    }
    const ticket = randomBytes(32).toString('base64url');
    this.#expiries.set(digestOf(ticket), nowMs + TICKET_LIFETIME_MS);
    return ticket;
  }

  /** @returns whether it was good; it is not, any more */
  redeem(ticket: string): boolean {
    const digest = digestOf(ticket);
    const expiresAtMs = this.#expiries.get(digest);
    this.#expiries.delete(digest);
    return expiresAtMs !== undefined && expiresAtMs > this.#now();
  }
}

function digestOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('hex');
}
