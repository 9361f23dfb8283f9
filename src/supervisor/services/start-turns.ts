/** So many services are started at the same time; the others wait for their turn, in the order in which they came. */
export class StartTurns {
  readonly #most: number;
  readonly #taken = new Set<string>();
  readonly #waiting = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a turn, or begins to wait for one. A name that has a turn keeps it. @returns whether it has one */
  take(name: string): boolean {
    const has = this.#taken.has(name) || this.#taken.size < this.#most;
    if (has) {
      this.#waiting.delete(name);
      this.#taken.add(name);
    } else {
      this.#waiting.add(name);
    }
    return has;
  }

  /** It has been started, or shall not be any more. @returns who can take its turn, if somebody waits */
  giveBack(name: string): string | undefined {
    this.#waiting.delete(name);
    return this.#taken.delete(name) ? this.#waiting.values().next().value : undefined;
  }
}
