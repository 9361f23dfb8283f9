import type { WrittenResult } from '../graphql/perform-operation.ts';
import type { EventPieces } from './shared-event-stream.ts';

const HEAD = Buffer.from('event: next\ndata: ');
const TAIL = Buffer.from('\n\n');

/**
 * Results as events of a stream. What many readers get is put together, once, when the second asks, and kept for as long as the
 * result is: a piece more costs each reader more than it costs once to copy it. A single reader gets the pieces.
 */
export class FramedResults {
  readonly #framed = new WeakMap<WrittenResult, EventPieces>();

  /** Not to be changed. */
  of(result: WrittenResult): EventPieces {
    const known = this.#framed.get(result);
    if (known?.length === 1) return known;
    const pieces = [HEAD, ...result, TAIL];
    const framed = known === undefined ? pieces : [Buffer.concat(pieces)];
    this.#framed.set(result, framed);
    return framed;
  }
}
