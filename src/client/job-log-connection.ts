import { createClient, type ExecutionResult } from 'graphql-sse';
import type { Endpoint } from './endpoint.ts';
import { codedErrorIn, LifelineConnectionError } from './errors.ts';
import {
  JobLogsDocument,
  type JobLogsSubscription,
  type JobLogsSubscriptionVariables,
} from './generated/graphql.ts';

const LINE_FEED = 10;

/** What one connection says: that it stands, then events. */
type ConnectionNews =
  { readonly opened: true } | { readonly opened: false; readonly event: JobLogsSubscription['jobLogs'] };

/**
 * One subscription to `jobLogs` over one connection; whoever opened it disposes it.
 *
 *   connecting → open → ended (by `complete`, a coded error, the network, silence, or dispose)
 *
 * Order: as sent. Slow reader: nothing is read from the network while an event waits to be taken, so memory is one
 * chunk. Silence: `silenceMs` without a byte, comments included, while we would read, ends it. Events are taken where
 * graphql-sse has parsed them: its own iterator buffers without bound, and waits for ever when the body ends
 * between two of its turns.
 */
export class JobLogConnection {
  readonly #endpoint: Endpoint;
  readonly #silenceMs: number;
  readonly #news: ConnectionNews[] = [];
  #end: { readonly error: Error } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeBody: (() => void) | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: () => void = () => undefined;

  /** Connects at once. @param silenceMs longest time without a byte */
  constructor(endpoint: Endpoint, variables: JobLogsSubscriptionVariables, silenceMs: number) {
    this.#endpoint = endpoint;
    this.#silenceMs = silenceMs;
    this.#watch();
    const client = createClient({
      url: endpoint.graphqlUrl,
      headers: { ...endpoint.headers },
      retryAttempts: 0,
      fetchFn: (url: string, init: RequestInit) => this.#fetch(url, init),
    });
    this.#unsubscribe = client.subscribe(
      { query: JobLogsDocument.toString(), variables: { ...variables } },
      {
        next: () => undefined,
        error: (cause) => this.#finish(new LifelineConnectionError('The connection failed.', { cause })),
        complete: () => undefined,
      },
      {
        message: ({ event, data }) => {
          if (event === 'next') this.#take(data as ExecutionResult<JobLogsSubscription>);
          else
            this.#finish(
              new LifelineConnectionError('The server completed the stream before the log ended.'),
            );
        },
      },
    );
  }

  /**
   * The next news, in order. One call at a time.
   * @throws LifelineRequestError when the server refused, LifelineConnectionError when the connection ended
   */
  async take(): Promise<ConnectionNews> {
    for (;;) {
      const news = this.#news.shift();
      if (this.#news.length === 0) this.#wakeBody?.();
      if (news !== undefined) return news;
      if (this.#end !== undefined) throw this.#end.error;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  /** Ends the connection now; a pending `take()` rejects. Idempotent. */
  dispose(): void {
    this.#finish(new LifelineConnectionError('The reader left.'));
  }

  #take(result: ExecutionResult<JobLogsSubscription>): void {
    const event = result.data?.jobLogs;
    if (event !== undefined) return this.#push({ opened: false, event });
    this.#finish(
      codedErrorIn(result) ?? new LifelineConnectionError('The server sent an event without data or a code.'),
    );
  }

  #push(news: ConnectionNews): void {
    if (this.#end !== undefined) return;
    this.#news.push(news);
    this.#wakeReader?.();
  }

  /** The first cause wins; what arrived before it is still taken. */
  #finish(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    clearTimeout(this.#watchdog);
    this.#unsubscribe();
    this.#wakeBody?.();
    this.#wakeReader?.();
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#end !== undefined) return;
    this.#watchdog = setTimeout(
      () => this.#finish(new LifelineConnectionError(`The server was silent for ${this.#silenceMs} ms.`)),
      this.#silenceMs,
    );
  }

  async #fetch(url: string, init: RequestInit) {
    const response = await this.#endpoint.fetch(url, init);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!response.ok || !isStream || response.body === null) {
      const { status } = response;
      const refusal = status < 500 ? codedErrorIn(await response.json().catch(() => undefined)) : undefined;
      const error =
        refusal ??
        new LifelineConnectionError(`The server answered HTTP ${status} without a stream.`, { status });
      // Before it is thrown: graphql-sse would wrap it and lose the code.
      this.#finish(error);
      throw error;
    }
    this.#push({ opened: true });
    return {
      ok: true,
      status: response.status,
      statusText: response.statusText,
      body: wholeLines(this.#chunks(response.body)),
    };
  }

  async *#chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    try {
      for (;;) {
        clearTimeout(this.#watchdog);
        while (this.#news.length > 0 && this.#end === undefined) {
          await new Promise<void>((resolve) => (this.#wakeBody = resolve));
        }
        if (this.#end !== undefined) break;
        this.#watch();
        const chunk = await reader.read();
        if (chunk.done) break;
        yield chunk.value;
      }
    } catch (cause) {
      this.#finish(new LifelineConnectionError('The connection broke.', { cause }));
    } finally {
      this.#finish(new LifelineConnectionError('The connection ended before the log.'));
      void reader.cancel().catch(() => undefined);
    }
  }
}

/**
 * The same bytes, cut behind line ends: graphql-sse gives out what it has parsed only when a chunk ends with a line,
 * which in a long replay may be never.
 */
async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) {
      begun.push(chunk);
      continue;
    }
    yield* begun;
    yield chunk.subarray(0, end);
    begun = end < chunk.length ? [chunk.subarray(end)] : [];
  }
}
