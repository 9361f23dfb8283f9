import type { Endpoint, FetchResponse } from './endpoint.ts';
import { codedErrorIn, LifelineConnectionError } from './errors.ts';
import { readEvents, type ServerSentEvent } from './event-stream.ts';
import type { JobLogsSubscription, ServiceLogsSubscription } from './generated/graphql.ts';

/** What a log is made of on the wire: that of a job and that of a service are the same. */
export type WireEvent = JobLogsSubscription['jobLogs'];

/** A subscription to a log. */
export interface LogOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What one connection says: that it stands, then events. */
type ConnectionNews = { readonly opened: true } | { readonly opened: false; readonly event: WireEvent };

/**
 * One subscription to `jobLogs` or `serviceLogs` over one connection: GraphQL over SSE, distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). Whoever made it disposes it.
 *
 *   idle → (first take) connecting → open → ended (by `complete`, a coded error, the network, silence, or dispose)
 *
 * Order: as sent. Slow reader: nothing is read from the network while an event waits to be taken, so memory is one chunk
 * and one event. Silence: `silenceMs` without a byte, comments included, while we would read, ends it.
 * Release: synchronous; a pending take() rejects. The first cause of an end is what it rejects with.
 */
export class JobLogConnection {
  readonly #endpoint: Endpoint;
  readonly #operation: LogOperation;
  readonly #silenceMs: number;
  /** Aborts with the first cause of the end. */
  readonly #ended = new AbortController();
  #events: AsyncIterator<ServerSentEvent, undefined> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;

  /** @param silenceMs longest time without a byte */
  constructor(endpoint: Endpoint, operation: LogOperation, silenceMs: number) {
    this.#endpoint = endpoint;
    this.#operation = operation;
    this.#silenceMs = silenceMs;
  }

  /**
   * The next news, in order. One call at a time.
   * @throws LifelineRequestError when the server refused, LifelineConnectionError when the connection ended
   */
  async take(): Promise<ConnectionNews> {
    try {
      if (this.#events === undefined) {
        // A fetch that does not mind its signal shall not hold up the end.
        const body = await Promise.race([this.#open(), rejectionOn(this.#ended.signal)]);
        this.#events = readEvents(this.#chunks(body));
        return { opened: true };
      }
      const { value: message } = await this.#events.next();
      if (message === undefined) throw new LifelineConnectionError('The connection ended before the log.');
      return { opened: false, event: eventIn(message) };
    } catch (error) {
      throw this.#finish(
        error instanceof Error ? error : new Error('The connection failed.', { cause: error }),
      );
    }
  }

  /** Ends the connection now; a pending `take()` rejects. Idempotent. */
  dispose(): void {
    this.#finish(new LifelineConnectionError('The reader left.'));
  }

  /** @returns the first cause, which may be another one */
  #finish(error: Error): Error {
    clearTimeout(this.#watchdog);
    this.#ended.abort(error);
    return this.#ended.signal.reason as Error;
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#ended.signal.aborted) return;
    this.#watchdog = setTimeout(
      () => this.#finish(new LifelineConnectionError(`The server was silent for ${this.#silenceMs} ms.`)),
      this.#silenceMs,
    );
  }

  async #open(): Promise<ReadableStream<Uint8Array>> {
    this.#watch();
    const response = await this.#request();
    const { status, body } = response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (status === 200 && isStream && body !== null) return body;
    throw await refusalIn(response);
  }

  async #request(): Promise<FetchResponse> {
    const { graphqlUrl, headers, fetch } = this.#endpoint;
    try {
      return await fetch(graphqlUrl, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(this.#operation),
        signal: this.#ended.signal,
      });
    } catch (cause) {
      throw new LifelineConnectionError('The connection failed.', { cause });
    }
  }

  async *#chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
    const { signal } = this.#ended;
    const reader = body.getReader();
    // Ends a pending read at once, whatever the body makes of the request's signal.
    const leave = (): void => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    try {
      for (;;) {
        this.#watch();
        const { done, value } = await reader.read();
        clearTimeout(this.#watchdog);
        if (done || signal.aborted) return;
        yield value;
      }
    } catch (cause) {
      throw new LifelineConnectionError('The connection broke.', { cause });
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }
}

/** @throws LifelineRequestError, LifelineConnectionError for what is no event of a log */
function eventIn({ event, data }: ServerSentEvent): WireEvent {
  if (event !== 'next') {
    throw new LifelineConnectionError('The server completed the stream before the log ended.');
  }
  let result: { readonly data?: Partial<JobLogsSubscription & ServiceLogsSubscription> | null } | null;
  try {
    result = JSON.parse(data) as typeof result;
  } catch (cause) {
    throw new LifelineConnectionError('The server sent an event that cannot be read.', { cause });
  }
  const logEvent = result?.data?.jobLogs ?? result?.data?.serviceLogs;
  if (logEvent !== undefined) return logEvent;
  throw (
    codedErrorIn(result) ?? new LifelineConnectionError('The server sent an event without data or a code.')
  );
}

async function refusalIn(response: FetchResponse): Promise<Error> {
  const { status } = response;
  const refusal = status < 500 ? codedErrorIn(await response.json().catch(() => undefined)) : undefined;
  return (
    refusal ?? new LifelineConnectionError(`The server answered HTTP ${status} without a stream.`, { status })
  );
}

function rejectionOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
