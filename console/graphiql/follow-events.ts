import type { ExecutionResult } from 'graphql';
import type { ExecutionResult as StreamedResult, Sink } from 'graphql-sse';

/** One event, as graphql-sse gives it. */
type StreamEvent = StreamedResult<Record<string, unknown>, unknown>;

/** What is shown of a subscription: its events so far, so that lines do not replace each other. */
interface EventsSoFar {
  /** The editor begins at its top again with each change: there is the news. */
  readonly newestEventFirst: readonly StreamEvent[];
  /** Only where there were more than are shown. */
  readonly earlierEventsNotShown?: number;
}

/** The editor that shows them is laid out anew for each change: more often than this only costs. */
const REPAINT_MS = 100;
const SHOWN_EVENTS = 200;
const SHOWN_CHARACTERS = 400_000;

/**
 * Gives GraphiQL, which shows one result at a time, the events of a subscription as one growing result.
 *
 * Bounded: the newest events only, and it says how many it leaves out. Slow reader: gets the latest state, never a queue.
 * Closing: ends after the last event, or throws what the stream broke with. Release: `return()` unsubscribes at once,
 * also while `next()` waits.
 */
export function followEvents(
  subscribe: (sink: Sink<StreamEvent>) => () => void,
): AsyncIterableIterator<ExecutionResult> {
  const shown = new ShownEvents();
  let isOver = false;
  let failure: unknown;
  let hasNews = false;
  let wake: () => void = () => undefined;
  const tell = (): void => {
    hasNews = true;
    wake();
  };
  const unsubscribe = subscribe({
    next: (event) => {
      shown.add(event);
      tell();
    },
    error: (error) => {
      failure = error;
      isOver = true;
      tell();
    },
    complete: () => {
      isOver = true;
      tell();
    },
  });
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      if (!hasNews && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (hasNews && !isOver) await new Promise((resolve) => setTimeout(resolve, REPAINT_MS));
      if (hasNews && shown.size > 0) {
        hasNews = false;
        return { done: false, value: shown.result() };
      }
      if (failure !== undefined) throw asError(failure);
      return { done: true, value: undefined };
    },
    return: () => {
      isOver = true;
      unsubscribe();
      wake();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return iterator;
}

class ShownEvents {
  #events: { readonly event: StreamEvent; readonly length: number }[] = [];
  #characters = 0;
  #dropped = 0;

  get size(): number {
    return this.#events.length;
  }

  add(event: StreamEvent): void {
    const { length } = JSON.stringify(event);
    this.#events.push({ event, length });
    this.#characters += length;
    while (
      this.#events.length > SHOWN_EVENTS ||
      (this.#characters > SHOWN_CHARACTERS && this.#events.length > 1)
    ) {
      this.#characters -= this.#events.shift()?.length ?? 0;
      this.#dropped += 1;
    }
  }

  result(): ExecutionResult & EventsSoFar {
    return {
      newestEventFirst: this.#events.map(({ event }) => event).reverse(),
      ...(this.#dropped > 0 && { earlierEventsNotShown: this.#dropped }),
    };
  }
}

function asError(failure: unknown): Error {
  if (failure instanceof Error) return failure;
  // Of a request that was refused, graphql-sse gives the errors of the answer.
  return new Error(
    Array.isArray(failure) ? failure.map(messageOf).join(' ') : 'The connection to the server broke.',
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
}
