/** Keeps the `limit` entries that were used last; a full cache forgets the one unused longest. */
export class BoundedCache<Value, Key = string> {
  readonly #entries = new Map<Key, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      // A Map iterates in the order of insertion: taken out and put back, it is the newest.
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  /** What is kept under the key, or else what `make` gives, kept from then on. */
  getOrMake<Made extends Value>(key: Key, make: () => Made): Made {
    const known = this.get(key);
    if (known !== undefined) return known as Made;
    const made = make();
    this.set(key, made);
    return made;
  }
}
