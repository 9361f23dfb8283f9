import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a proxy does to one connection. Bytes are those from the server to the client, heads included. */
export type Behaviour =
  | { readonly kind: 'pass' }
  /** Breaks the connection, wherever in a line that is. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The same, by what it receives at once: passes so many pieces, and of the next one this part (0 to 1). */
  | { readonly kind: 'cut-pieces'; readonly pieces: number; readonly part: number }
  /** Goes away without a word: both sockets stay open, nothing passes any more in either direction. */
  | { readonly kind: 'die'; readonly afterBytes: number }
  /** Passes nothing until `goOn()`. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Passes whole blocks only, and what is left at the end of an answer. */
  | { readonly kind: 'buffer'; readonly blockBytes: number }
  /** Keeps everything to the end, unless the server says `X-Accel-Buffering: no`: nginx, as installed. */
  | { readonly kind: 'buffer-unless-told' };

export const PASS: Behaviour = { kind: 'pass' };

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly behaviour: Behaviour;
  /** How many pieces have come. */
  pieces: number;
  /** How many bytes still pass. */
  roomBytes: number;
  held: Buffer;
  isStopped: boolean;
  /** Whether the server has said that nothing is to be held back. */
  isTold: boolean;
}

/**
 * Guard of a proxy between clients and a server on this host that treats each connection as it is told. It knows bytes
 * and nothing of HTTP but the first line of a request, so that what it does can happen anywhere.
 */
export class HostileProxy implements AsyncDisposable {
  /** The first line and the Last-Event-ID of every request that was seen, in order. */
  readonly requests: { readonly line: string; readonly lastEventId: string | undefined }[] = [];
  /** How many connections were accepted so far. */
  connections = 0;
  /** How many of them it has broken. */
  cuts = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #behaviourOf: (connection: number) => Behaviour;
  #targetPort = 0;

  private constructor(behaviourOf: (connection: number) => Behaviour) {
    this.#behaviourOf = behaviourOf;
    this.#server = createServer((client) => {
      this.#accept(client);
    });
  }

  /** @param behaviourOf what becomes of the nth connection, counted from 1 */
  static async listen(behaviourOf: (connection: number) => Behaviour = () => PASS): Promise<HostileProxy> {
    const proxy = new HostileProxy(behaviourOf);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The name that a server behind it must allow. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** Names the server behind it; connections before that are refused. */
  set targetPort(port: number) {
    this.#targetPort = port;
  }

  /** Treats connections that come from now on so, counted on. */
  set behaviour(behaviourOf: (connection: number) => Behaviour) {
    this.#behaviourOf = behaviourOf;
  }

  /** Breaks everything that passes at this moment. */
  cutAll(): void {
    for (const link of this.#links) this.#cut(link);
  }

  /** Lets what was stalled pass. */
  goOn(): void {
    for (const link of this.#links) {
      if (link.behaviour.kind !== 'stall' || !link.isStopped) continue;
      link.isStopped = false;
      link.roomBytes = Infinity;
      this.#flush(link, link.held.length);
    }
  }

  /** From here on nothing passes on connections that are to stall or to die. */
  stopAll(): void {
    for (const link of this.#links) link.roomBytes = 0;
  }

  /** How many connections are stalled or dead. */
  get stopped(): number {
    return [...this.#links].filter(({ isStopped }) => isStopped).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  #accept(client: Socket): void {
    this.connections += 1;
    const behaviour = this.#behaviourOf(this.connections);
    const server = connect(this.#targetPort, '127.0.0.1');
    const link: Link = {
      client,
      server,
      behaviour,
      pieces: 0,
      roomBytes: 'afterBytes' in behaviour ? behaviour.afterBytes : Infinity,
      held: Buffer.alloc(0),
      isStopped: false,
      isTold: false,
    };
    this.#links.add(link);
    client.on('data', (bytes: Buffer) => {
      if (behaviour.kind === 'die' && link.isStopped) return;
      this.#note(bytes);
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      this.#pass(link, bytes);
    });
    server.on('end', () => {
      if (!link.isStopped) client.end(link.held);
    });
    client.on('end', () => {
      if (!link.isStopped) server.end();
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      // `close` follows, and says all that matters here.
      socket.on('error', () => undefined);
      socket.on('close', (hadError) => {
        // A dead proxy tells neither side that the other is gone.
        if (behaviour.kind === 'die' && link.isStopped) return;
        this.#links.delete(link);
        if (hadError) other.resetAndDestroy();
        else if (socket === client) other.destroy();
      });
    }
  }

  #pass(link: Link, bytes: Buffer): void {
    const { behaviour } = link;
    switch (behaviour.kind) {
      case 'pass':
        link.client.write(bytes);
        return;
      case 'buffer-unless-told':
        link.held = Buffer.concat([link.held, bytes]);
        link.isTold ||= /^x-accel-buffering: no\r$/im.test(link.held.toString('latin1'));
        this.#flush(link, link.isTold || isLastPart(bytes) ? link.held.length : 0);
        return;
      case 'buffer': {
        link.held = Buffer.concat([link.held, bytes]);
        const { length } = link.held;
        this.#flush(link, isLastPart(bytes) ? length : length - (length % behaviour.blockBytes));
        return;
      }
      case 'cut-pieces':
        link.pieces += 1;
        if (link.pieces > behaviour.pieces) link.roomBytes = Math.floor(bytes.length * behaviour.part);
        this.#passUpTo(link, bytes);
        return;
      case 'cut':
      case 'die':
      case 'stall':
        this.#passUpTo(link, bytes);
    }
  }

  #passUpTo(link: Link, bytes: Buffer): void {
    if (link.isStopped) {
      link.held = Buffer.concat([link.held, bytes]);
      return;
    }
    const passing = bytes.subarray(0, link.roomBytes);
    link.roomBytes -= passing.length;
    if (passing.length > 0) link.client.write(passing);
    if (passing.length === bytes.length) return;
    if (link.behaviour.kind.startsWith('cut')) {
      this.#cut(link);
      return;
    }
    link.isStopped = true;
    link.held = bytes.subarray(passing.length);
  }

  #flush(link: Link, byteCount: number): void {
    if (byteCount === 0) return;
    link.client.write(link.held.subarray(0, byteCount));
    link.held = link.held.subarray(byteCount);
  }

  /** What was passed has gone out before; the client sees an end and a reset in turns. */
  #cut(link: Link): void {
    if (!this.#links.delete(link)) return;
    this.cuts += 1;
    link.server.destroy();
    if (this.cuts % 2 === 0) link.client.resetAndDestroy();
    else link.client.destroySoon();
  }

  #note(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    const line = /^(?:GET|POST|PUT|DELETE|OPTIONS) \S+/.exec(text)?.[0];
    if (line !== undefined)
      this.requests.push({ line, lastEventId: /^last-event-id: (.*)\r$/im.exec(text)?.[1] });
  }
}

/** Whether an answer in chunks ends here (RFC 9112, 7.1). */
function isLastPart(bytes: Buffer): boolean {
  return bytes.subarray(-5).equals(Buffer.from('0\r\n\r\n'));
}
