import { randomBytes } from 'node:crypto';
import { LimitExceededError, ServerStoppingError } from '../domain/errors.ts';
import type { StreamLimits } from './stream-limits.ts';
import { StreamReservation } from './stream-reservation.ts';

const TOKEN_BYTES = 24;

/** All reservations of event streams; they go when their time is over, and all at once when the server closes. */
export class StreamReservations {
  readonly #limits: StreamLimits;
  readonly #closing: AbortSignal;
  readonly #byToken = new Map<string, StreamReservation>();

  /** @param closing aborts when the server closes */
  constructor(limits: StreamLimits, closing: AbortSignal) {
    this.#limits = limits;
    this.#closing = closing;
    closing.addEventListener('abort', () => {
      for (const reservation of this.#byToken.values()) reservation[Symbol.dispose]();
    });
  }

  /**
   * Makes one that belongs to `holder`, and to itself: it is dropped when it is not used.
   * @throws LimitExceededError, ServerStoppingError
   */
  reserve(holder: string): StreamReservation {
    if (this.#closing.aborted) throw new ServerStoppingError();
    if (this.#byToken.size >= this.#limits.maxReservations) {
      throw new LimitExceededError('There are too many event streams. Close one and try again.');
    }
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const reservation = new StreamReservation(token, holder, this.#limits, () => this.#byToken.delete(token));
    this.#byToken.set(token, reservation);
    return reservation;
  }

  /** The token is no credential: to everybody but its holder there is no such reservation. */
  find(token: string, holder: string): StreamReservation | undefined {
    const reservation = this.#byToken.get(token);
    return reservation?.holder === holder ? reservation : undefined;
  }
}
