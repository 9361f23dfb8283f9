import type { WrittenResult } from '../graphql/perform-operation.ts';

const HEAD = Buffer.from('event: next\ndata: ');
const TAIL = Buffer.from('\n\n');

/**
 * Results as events of a stream, each in one piece: what many readers get is put together once, and kept for as long as the
 * result is. A piece more costs each reader more than it costs once to copy it.
 */
export class FramedResults {
  readonly #framed = new WeakMap<WrittenResult, Buffer>();

  /** Not to be changed. */
  of(result: WrittenResult): Buffer {
    const known = this.#framed.get(result);
    if (known !== undefined) return known;
    const framed = Buffer.concat([HEAD, ...result, TAIL]);
    this.#framed.set(result, framed);
    return framed;
  }
}
