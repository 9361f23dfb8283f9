/** How many hits there are up to some lines of a log, as far as they are counted. */
export class HitCount {
  readonly #places: { readonly seq: number; readonly count: number }[] = [{ seq: 0, count: 0 }];

  get count(): number {
    return this.#places.at(-1)?.count ?? 0;
  }

  /** Everything up to this seq is counted. */
  get toSeq(): number {
    return this.#places.at(-1)?.seq ?? 0;
  }

  /** @param hits those behind `toSeq`, up to `seq` */
  add(seq: number, hits: number): void {
    if (seq > this.toSeq) this.#places.push({ seq, count: this.count + hits });
  }

  /** The nearest place before a line up to which is counted; undefined where the count has not come there. */
  before(seq: number): { readonly seq: number; readonly count: number } | undefined {
    return seq > this.toSeq ? undefined : this.#places.findLast((place) => place.seq < seq);
  }
}
