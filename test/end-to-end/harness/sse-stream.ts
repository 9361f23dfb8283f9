import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import type { HttpCall } from './http-call.ts';
import { untilTrue, type WaitOptions } from './until-true.ts';

export interface SseEvent {
  /** `message` where the stream named none. */
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** How a stream ended: `end` is a proper end of the answer, `cut` a broken connection. */
export type StreamEnd = 'end' | 'cut';

/**
 * A raw reader of server-sent events, the oracle of the tests: it keeps everything, drops nothing, never reconnects.
 * Source: WHATWG HTML, 9.2.6 (own parser). The owner disposes it.
 */
export class SseStream implements Disposable {
  readonly events: SseEvent[] = [];
  readonly comments: string[] = [];
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #request: ClientRequest;
  readonly #incoming: IncomingMessage;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #fields: { event?: string; id?: string; data: string[] } = { data: [] };
  #ended: StreamEnd | undefined;

  private constructor(outgoing: ClientRequest, incoming: IncomingMessage) {
    this.#request = outgoing;
    this.#incoming = incoming;
    this.status = incoming.statusCode ?? 0;
    this.headers = incoming.headers;
    incoming.on('data', (chunk: Buffer) => {
      this.#take(this.#decoder.write(chunk));
    });
    incoming.on('end', () => (this.#ended ??= 'end'));
    incoming.on('error', () => (this.#ended ??= 'cut'));
    incoming.on('close', () => (this.#ended ??= incoming.complete ? 'end' : 'cut'));
  }

  /** Resolves when the head of the answer is there. */
  static async open(port: number, call: HttpCall): Promise<SseStream> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          agent: false,
          method: call.method ?? 'GET',
          path: call.path,
          headers: { accept: 'text/event-stream', ...call.headers },
        },
        (incoming) => {
          resolve(new SseStream(outgoing, incoming));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(call.body);
    });
  }

  /** How it ended; `undefined` while it is open. */
  get ended(): StreamEnd | undefined {
    return this.#ended;
  }

  async untilEnded(options: WaitOptions = {}): Promise<StreamEnd> {
    return untilTrue(() => this.#ended, { what: 'the end of the stream', ...options });
  }

  /** Waits for an event of this kind (the first). */
  async untilEvent(accepts: (event: SseEvent) => boolean, options: WaitOptions = {}): Promise<SseEvent> {
    return untilTrue(() => this.events.find(accepts), { what: 'the event', ...options });
  }

  /** Stops reading from the socket, as a client does that is busy or stopped. */
  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
  }

  /** Leaves as an aborted fetch does. */
  [Symbol.dispose](): void {
    this.#request.destroy();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#takeLine(line);
  }

  #takeLine(line: string): void {
    if (line === '') {
      const { event = 'message', id, data } = this.#fields;
      const said = this.#fields.event !== undefined || data.length > 0;
      if (said) this.events.push({ event, id, data: data.join('\n') });
      this.#fields = { data: [] };
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (colon === 0) this.comments.push(value);
    else if (name === 'data') this.#fields.data.push(value);
    else if (name === 'event') this.#fields.event = value;
    else if (name === 'id') this.#fields.id = value;
  }
}
