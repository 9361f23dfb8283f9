import { GraphQLError } from 'graphql';
import { createPubSub, createSchema } from 'graphql-yoga';
import type { PlainLine } from '../documents/document.ts';

/** What a document of the peers asks for: everything, as the benchmark's own document of all fields. */
export const STOCK_QUERY = `subscription Follow {
  jobLogs { __typename jobId lastSeq lines { seq stream text at atApproximate continued } }
}`;

const TYPE_DEFS = `
  type Query { ok: Boolean! }
  type Subscription { jobLogs: LogLines! }
  type LogLines { jobId: ID! lastSeq: Int! lines: [LogLine!]! }
  enum LogStream { STDOUT STDERR }
  type LogLine { seq: Int! stream: LogStream! text: String! at: String! atApproximate: Boolean! continued: Boolean! }
`;

interface LinesEvent {
  readonly jobId: string;
  readonly lastSeq: number;
  readonly lines: readonly PlainLine[];
}

/** The end of the log, as it goes through the channel. */
type Published = LinesEvent | 'end';

/**
 * Yoga's createPubSub and a schema over it. It counts what each subscriber has taken, so that the publisher can wait: by
 * itself the channel holds 1,024 unread events of a subscriber, then fails.
 */
export class StockChannel {
  readonly #pubSub = createPubSub<{ lines: [Published] }>();
  readonly #taken = new Set<{ events: number }>();
  readonly schema = createSchema({
    typeDefs: TYPE_DEFS,
    resolvers: { Subscription: { jobLogs: { subscribe: () => this.#subscribe(), resolve: eventOf } } },
  });

  publish(event: Published): void {
    this.#pubSub.publish('lines', event);
  }

  get subscribers(): number {
    return this.#taken.size;
  }

  /** What the slowest subscriber has taken since it came. */
  get leastTaken(): number {
    return Math.min(...[...this.#taken].map(({ events }) => events));
  }

  #subscribe(): AsyncIterableIterator<Published> {
    const events = this.#pubSub.subscribe('lines')[Symbol.asyncIterator]();
    const taken = { events: 0 };
    this.#taken.add(taken);
    const done = (): Promise<IteratorResult<Published>> => {
      this.#taken.delete(taken);
      void events.return();
      return Promise.resolve({ done: true, value: undefined });
    };
    const iterator: AsyncIterableIterator<Published> = {
      next: async () => {
        const result = await events.next();
        taken.events++;
        return result.done === true || result.value === 'end' ? await done() : result;
      },
      return: done,
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

function eventOf(published: Published): LinesEvent {
  if (published === 'end') throw new GraphQLError('the end is no event');
  return published;
}
