import { LimitExceededError } from './errors.ts';

/** How many there may be at once, and the sentence for whoever wants one more: it names the limit and what to do. */
export interface Limit {
  readonly most: number;
  readonly refusal: string;
}

/** In all, and for each holder. */
export interface PlaceLimits {
  /** Default: none. */
  readonly inAll?: Limit;
  readonly each: Limit;
}

/**
 * Places that are taken at once, counted in all and by holder: free → `take()` or `occupy()` → taken → disposed → free.
 * Each is owned by the guard that is returned. Holders without a place cost nothing.
 */
export class Places<Holder> {
  readonly #limits: PlaceLimits;
  readonly #byHolder = new Map<Holder, number>();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** @throws LimitExceededError; then nothing was taken */
  take(holder: Holder): Disposable {
    const { inAll, each } = this.#limits;
    if (this.takenBy(holder) >= each.most) throw new LimitExceededError(each.refusal);
    if (inAll !== undefined && this.#taken >= inAll.most) throw new LimitExceededError(inAll.refusal);
    return this.occupy(holder);
  }

  /** For what is there already: it counts, whatever the limits say. */
  occupy(holder: Holder): Disposable {
    this.#count(holder, 1);
    let isTaken = true;
    const free = (): void => {
      if (isTaken) this.#count(holder, -1);
      isTaken = false;
    };
    return { [Symbol.dispose]: free };
  }

  get taken(): number {
    return this.#taken;
  }

  takenBy(holder: Holder): number {
    return this.#byHolder.get(holder) ?? 0;
  }

  #count(holder: Holder, change: number): void {
    this.#taken += change;
    const own = this.takenBy(holder) + change;
    if (own === 0) this.#byHolder.delete(holder);
    else this.#byHolder.set(holder, own);
  }
}
