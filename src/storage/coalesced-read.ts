/**
 * Reads that are asked for in one turn of the event loop with the same key are one read, which begins after that turn: so each
 * gets what was true when it asked, or later.
 */
export class CoalescedRead<Key, Value> {
  readonly #read: (key: Key) => Promise<Value>;
  readonly #asked = new Map<Key, Promise<Value>>();

  /** @param read what is asked; its rejection goes to all who asked */
  constructor(read: (key: Key) => Promise<Value>) {
    this.#read = read;
  }

  of(key: Key): Promise<Value> {
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const asked = new Promise<Value>((resolve) => {
      setImmediate(() => {
        this.#asked.delete(key);
        resolve(this.#read(key));
      });
    });
    this.#asked.set(key, asked);
    return asked;
  }
}
