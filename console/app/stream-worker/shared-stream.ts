import { readEvents, type ServerSentEvent } from '../../../src/client/event-stream.ts';
import { OWN_PAGE } from '../connection/own-page.ts';

const STREAM_URL = '/graphql/stream';
const TOKEN_HEADER = 'x-graphql-event-stream-token';
/** The server's limit is 100; those that are being stopped still count there. */
const MAX_OPERATIONS = 80;
/** A page that follows a link stops all it follows, and the next begins. */
const UNUSED_FOR_MS = 2_000;
/** The server writes a comment every 10 s where it has nothing to say. */
const SILENCE_MS = 25_000;
/** Of those that an operation asked for. Less than its follower waits, so that it finds another stream when it tries again. */
const MISSED_HEARTBEATS = 2.5;
/** All operations hear at least so often that the stream lives, where it does. */
const SIGN_OF_LIFE_MS = 1_000;

/** Where the answer to one operation goes. */
export interface OperationSink {
  /** @param text the body of a refusal; null where events follow */
  readonly onAnswer: (status: number, text: string | null) => void;
  /** Takes the bytes over. Resolves when more may come; with false where nobody takes them. */
  readonly onBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>;
  /** The connection lives, though it has nothing for this one. */
  readonly onSign: () => void;
  /** Once, and last. @param failure undefined where all has come */
  readonly onEnd: (failure: string | undefined) => void;
}

/** Of one operation. */
export interface StreamGuard {
  /** Nothing more comes, and the server is told to stop. Idempotent. */
  dispose(): void;
}

/** What the server answered instead. */
interface Refused {
  readonly status: number;
  readonly text: string;
}

interface Operation {
  readonly sink: OperationSink;
  readonly silenceMs: number;
  saidAtMs: number;
}

/**
 * One event stream that carries many operations: GraphQL over SSE, single connection mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md).
 *
 *   reserving → open → ended, once: by the network, by silence, by the server, or unused for 2 s
 *
 * Nothing is tried again here: at the end all operations end with a failure, and whoever follows starts anew behind what it has seen, with
 * other variables. Slow tab: the stream waits for it, for as long as its sink says.
 */
export class SharedStream {
  readonly #onEnded: () => void;
  readonly #ended = new AbortController();
  readonly #operations = new Map<string, Operation>();
  readonly #token: Promise<string | Refused>;
  #lastId = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #unused: ReturnType<typeof setTimeout> | undefined;

  /** Opens it. @param onEnded is called once */
  constructor(onEnded: () => void) {
    this.#onEnded = onEnded;
    this.#token = this.#reserve();
    void this.#run();
  }

  get hasRoom(): boolean {
    return !this.#ended.signal.aborted && this.#operations.size < MAX_OPERATIONS;
  }

  /** @returns the guard of the operation */
  start(body: string, sink: OperationSink): StreamGuard {
    clearTimeout(this.#unused);
    this.#lastId += 1;
    const id = String(this.#lastId);
    const request = JSON.parse(body) as { readonly variables?: { readonly heartbeatMs?: number } };
    const heartbeatMs = request.variables?.heartbeatMs ?? Infinity;
    const silenceMs = Math.min(SILENCE_MS, MISSED_HEARTBEATS * heartbeatMs);
    this.#operations.set(id, { sink, silenceMs, saidAtMs: performance.now() });
    this.#watch();
    const started = this.#post(id, JSON.stringify({ ...request, extensions: { operationId: id } }));
    return {
      dispose: () => {
        if (!this.#remove(id)) return;
        void started.then((isRunning) => {
          if (isRunning) void this.#delete(id);
        });
      },
    };
  }

  /** @returns whether the server has it */
  async #post(id: string, body: string): Promise<boolean> {
    try {
      const token = await this.#token;
      const refused = typeof token === 'string' ? await this.#submit(token, body) : token;
      const sink = this.#operations.get(id)?.sink;
      if (refused === undefined) {
        sink?.onAnswer(200, null);
        return true;
      }
      // Of another session, or dropped: nothing works on it any more.
      if (refused.status === 404) this.#finish('The server does not know the stream.');
      if (this.#remove(id)) sink?.onAnswer(refused.status, refused.text);
    } catch {
      this.#finish('There was no answer.');
    }
    return false;
  }

  async #submit(token: string, body: string): Promise<Refused | undefined> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.#fetch('POST', { token, body, headers });
    return response.status === 202 ? undefined : { status: response.status, text: await response.text() };
  }

  async #delete(id: string): Promise<void> {
    const token = await this.#token;
    if (typeof token !== 'string' || this.#ended.signal.aborted) return;
    // An operation that goes on unheard would hold what it holds: rather all begin anew.
    await this.#fetch('DELETE', { token, search: `?operationId=${id}` }).catch(() =>
      this.#finish('An operation could not be stopped.'),
    );
  }

  /** @returns the token of the stream, or the refusal */
  async #reserve(): Promise<string | Refused> {
    const response = await this.#fetch('PUT', {});
    const text = await response.text();
    return response.status === 201 ? text : { status: response.status, text };
  }

  async #run(): Promise<void> {
    try {
      const token = await this.#token;
      if (typeof token !== 'string') return;
      const { status, body } = await this.#fetch('GET', { token, headers: { accept: 'text/event-stream' } });
      if (status !== 200 || body === null) return;
      for await (const event of readEvents(this.#chunks(body))) await this.#hand(event);
    } catch {
      // Said to all operations below.
    } finally {
      // In a later turn: what was refused is told so first.
      setTimeout(() => this.#finish('The connection broke.'));
    }
  }

  async *#chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#watch();
      this.#saySigns();
      yield value;
    }
  }

  async #hand({ event, data }: ServerSentEvent): Promise<void> {
    const { id, payload } = readMessage(data);
    const operation = this.#operations.get(id);
    if (operation === undefined) return;
    operation.saidAtMs = performance.now();
    const isTaken = await operation.sink.onBytes(
      new TextEncoder().encode(`event: ${event}\ndata: ${payload}\n\n`),
    );
    if (event === 'complete') {
      if (this.#remove(id)) operation.sink.onEnd(undefined);
    } else if (!isTaken && this.#remove(id)) {
      operation.sink.onEnd('Nobody took what came.');
      void this.#delete(id);
    }
    // While a tab was waited for, nothing was read.
    this.#watch();
  }

  #saySigns(): void {
    const nowMs = performance.now();
    for (const operation of this.#operations.values()) {
      if (nowMs - operation.saidAtMs < SIGN_OF_LIFE_MS) continue;
      operation.saidAtMs = nowMs;
      operation.sink.onSign();
    }
  }

  #remove(id: string): boolean {
    const isThere = this.#operations.delete(id);
    if (isThere && this.#operations.size === 0 && !this.#ended.signal.aborted) {
      this.#unused = setTimeout(() => this.#finish('Nobody uses the stream.'), UNUSED_FOR_MS);
    }
    return isThere;
  }

  #watch(): void {
    clearTimeout(this.#silence);
    if (this.#ended.signal.aborted) return;
    const boundMs = Math.min(SILENCE_MS, ...[...this.#operations.values()].map(({ silenceMs }) => silenceMs));
    this.#silence = setTimeout(() => this.#finish('The server was silent.'), boundMs);
  }

  #finish(why: string): void {
    if (this.#ended.signal.aborted) return;
    clearTimeout(this.#silence);
    clearTimeout(this.#unused);
    this.#ended.abort();
    this.#onEnded();
    const operations = [...this.#operations.values()];
    this.#operations.clear();
    for (const { sink } of operations) sink.onEnd(why);
  }

  #fetch(
    method: string,
    {
      token,
      search = '',
      body,
      headers,
    }: { token?: string; search?: string; body?: string; headers?: Readonly<Record<string, string>> },
  ): Promise<Response> {
    return fetch(STREAM_URL + search, {
      method,
      headers: { ...headers, ...OWN_PAGE, ...(token !== undefined && { [TOKEN_HEADER]: token }) },
      signal: this.#ended.signal,
      ...(body !== undefined && { body }),
    });
  }
}

const MESSAGE = /^\{"id":"(\d+)"(?:,"payload":(.*))?\}$/s;

/** Reads what is about the results, and leaves the results as they are written. */
function readMessage(data: string): { readonly id: string; readonly payload: string } {
  const [, id, payload = ''] = MESSAGE.exec(data) ?? [];
  if (id !== undefined) return { id, payload };
  const message = JSON.parse(data) as { readonly id: string; readonly payload?: unknown };
  return { id: message.id, payload: message.payload === undefined ? '' : JSON.stringify(message.payload) };
}
