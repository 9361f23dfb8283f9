/**
 * Items in order, none of them equal to another. To find one costs a logarithm of comparisons; to put it in or take it out
 * also moves the pointers behind it, which for 10,000 is microseconds.
 */
export class SortedArray<Item> {
  readonly #items: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  /** @param compare 0 for an item and itself alone; what it says of items that are here must not change */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    this.#items.splice(this.before(item), 0, item);
  }

  /** @returns whether it was there */
  delete(item: Item): boolean {
    const index = this.before(item);
    if (this.#items[index] !== item) return false;
    this.#items.splice(index, 1);
    return true;
  }

  /** How many stand before this one, be it here or not. */
  before(item: Item): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#items[middle];
      if (found !== undefined && this.#compare(found, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
