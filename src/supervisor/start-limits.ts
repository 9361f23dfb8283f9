import { Places } from '../domain/places.ts';
import { StartRate } from './start-rate.ts';

export interface StartLimitOptions {
  /** Jobs of one token that have not ended, waiting ones included. */
  readonly maxJobsPerToken: number;
  readonly maxStartsPerMinute: number;
}

/** What each token may start: so many jobs that have not ended, and so many a minute. `null` is the server's own token. */
export class StartLimits {
  readonly #unfinished: Places<number | null>;
  readonly #rate: StartRate;

  constructor({ maxJobsPerToken, maxStartsPerMinute }: StartLimitOptions) {
    this.#unfinished = new Places({
      each: {
        most: maxJobsPerToken,
        refusal: `This token has ${String(maxJobsPerToken)} jobs that have not ended, the most that --max-jobs-per-token allows. Try again when some have.`,
      },
    });
    this.#rate = new StartRate(maxStartsPerMinute);
  }

  /** The place of a new job; its owner gives it back when the job has ended. @throws LimitExceededError */
  admit(tokenId: number | null): Disposable {
    const place = this.#unfinished.take(tokenId);
    try {
      this.#rate.spend(tokenId);
      return place;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /** The place of a job that a former server accepted. */
  resume(tokenId: number | null): Disposable {
    return this.#unfinished.occupy(tokenId);
  }
}
