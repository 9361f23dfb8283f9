import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { expect } from 'vitest';
import { type Harness, until } from './harness.ts';

const PATH = '/graphql/stream';

/** One message of the stream: what it is about, and for `next` the result. */
export interface StreamMessage {
  readonly event: string | undefined;
  readonly id: string;
  readonly payload: unknown;
}

/** A reserved event stream of `/graphql/stream`, by plain requests. */
export class Reservation {
  readonly token: string;
  readonly #harness: Harness;

  constructor(harness: Harness, token: string) {
    this.#harness = harness;
    this.token = token;
  }

  static async make(harness: Harness): Promise<Reservation> {
    const response = await harness.fetch(PATH, { method: 'PUT' });
    expect(response.status).toBe(201);
    return new Reservation(harness, await response.text());
  }

  get(signal?: AbortSignal): Promise<Response> {
    return this.fetch('', { headers: { accept: 'text/event-stream' }, ...(signal && { signal }) });
  }

  /** Starts an operation. `operationId` is left out where it is undefined. */
  start(operationId: unknown, query: string, variables: Record<string, unknown> = {}): Promise<Response> {
    return this.fetch('', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables, extensions: { operationId } }),
    });
  }

  stop(operationId: string): Promise<Response> {
    return this.fetch(`?operationId=${encodeURIComponent(operationId)}`, { method: 'DELETE' });
  }

  fetch(search: string, init: RequestInit): Promise<Response> {
    return this.#harness.fetch(PATH + search, {
      ...init,
      headers: { 'x-graphql-event-stream-token': this.token, ...(init.headers as Record<string, string>) },
    });
  }
}

/** A reserved event stream that is open and read by a reader that drops nothing. */
export class SingleConnection implements AsyncDisposable {
  readonly reservation: Reservation;
  readonly messages: StreamMessage[] = [];
  /** Comments, in the order in which they came. */
  readonly comments: string[] = [];
  readonly #leave = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  private constructor(reservation: Reservation) {
    this.reservation = reservation;
  }

  static async open(harness: Harness): Promise<SingleConnection> {
    return SingleConnection.of(await Reservation.make(harness));
  }

  static async of(reservation: Reservation): Promise<SingleConnection> {
    const connection = new SingleConnection(reservation);
    const response = await reservation.get(connection.#leave.signal);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    connection.#reading = connection.#read(response);
    return connection;
  }

  /** Starts an operation and expects it to be taken. */
  async start(id: string, query: string, variables: Record<string, unknown> = {}): Promise<void> {
    const response = await this.reservation.start(id, query, variables);
    expect(response.status).toBe(202);
    expect(await response.text()).toBe('');
  }

  /** What came for one operation so far. */
  of(id: string): StreamMessage[] {
    return this.messages.filter((message) => message.id === id);
  }

  /** The results of one operation, once it is complete. */
  async results(id: string): Promise<unknown[]> {
    await until(() => this.of(id).some(({ event }) => event === 'complete'));
    const messages = this.of(id);
    expect(messages.at(-1)?.event).toBe('complete');
    expect(messages.filter(({ event }) => event === 'complete')).toHaveLength(1);
    return messages.slice(0, -1).map(({ payload }) => payload);
  }

  /** Resolves when the server has ended or cut it. */
  get over(): Promise<void> {
    return this.#reading;
  }

  async leave(): Promise<void> {
    this.#leave.abort();
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  async #read(response: Response): Promise<void> {
    const parser = createParser({
      onEvent: ({ event, data }: EventSourceMessage) => {
        this.messages.push({ payload: undefined, ...(JSON.parse(data) as { id: string }), event });
      },
      onComment: (comment) => void this.comments.push(comment),
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch {
      // Left, or cut by the server.
    }
  }
}
