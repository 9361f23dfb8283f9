import { randomBytes } from 'node:crypto';
import { ServerStoppingError } from '../domain/errors.ts';
import type { StreamPlaces } from '../graphql/stream-places.ts';
import type { StreamLimits } from './stream-limits.ts';
import { StreamReservation } from './stream-reservation.ts';

const TOKEN_BYTES = 24;

/** All reservations of event streams; they go when their time is over, and all at once when the server closes. */
export class StreamReservations {
  readonly #limits: StreamLimits;
  readonly #places: StreamPlaces;
  readonly #closing: AbortSignal;
  readonly #byToken = new Map<string, StreamReservation>();

  /**
   * @param places each takes one for as long as it exists
   * @param closing aborts when the server closes
   */
  constructor(limits: StreamLimits, places: StreamPlaces, closing: AbortSignal) {
    this.#limits = limits;
    this.#places = places;
    this.#closing = closing;
    closing.addEventListener('abort', () => {
      for (const reservation of this.#byToken.values()) reservation[Symbol.dispose]();
    });
  }

  /**
   * Makes one that belongs to `holder`, and to itself: it is dropped when it is not used.
   * @param tokenId whose limit holds
   * @throws LimitExceededError, ServerStoppingError
   */
  reserve(holder: string, tokenId: number | null): StreamReservation {
    if (this.#closing.aborted) throw new ServerStoppingError();
    const place = this.#places.take(tokenId);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const reservation = new StreamReservation(token, holder, this.#limits, () => {
      this.#byToken.delete(token);
      place[Symbol.dispose]();
    });
    this.#byToken.set(token, reservation);
    return reservation;
  }

  /** The token is no credential: to everybody but its holder there is no such reservation. */
  find(token: string, holder: string): StreamReservation | undefined {
    const reservation = this.#byToken.get(token);
    return reservation?.holder === holder ? reservation : undefined;
  }
}
