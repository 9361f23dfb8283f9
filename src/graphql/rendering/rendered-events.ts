import type { LogBatch } from '../../logs/log-batch.ts';
import type { RenderedResult } from './rendered-result.ts';

/** Readers that stand at the same place get the same events; those at other places, others: so many of them are kept. */
const MOST_EVENTS = 4;

interface RenderedEvent {
  readonly batches: readonly LogBatch[];
  readonly lastSeq: number;
  readonly result: RenderedResult;
}

/** The events of one selection that end with the same batch: each made once for all who read it, and gone with the batch. */
export class RenderedEvents {
  #events: readonly RenderedEvent[] = [];

  getOrMake(batches: readonly LogBatch[], lastSeq: number, make: () => RenderedResult): RenderedResult {
    const found = this.#events.find((event) => event.lastSeq === lastSeq && areSame(event.batches, batches));
    if (found !== undefined) return found.result;
    const result = make();
    this.#events = [{ batches, lastSeq, result }, ...this.#events.slice(0, MOST_EVENTS - 1)];
    return result;
  }
}

function areSame(batches: readonly LogBatch[], others: readonly LogBatch[]): boolean {
  return batches.length === others.length && batches.every((batch, index) => batch === others[index]);
}
