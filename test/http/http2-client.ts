import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Http2Call {
  readonly method: string;
  readonly path: string;
  /** Pseudo-headers, too; several of one name as a list. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

export interface Http2Answer {
  /** 0 where the stream was reset before an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly resetCode: number;
}

/** One HTTP/2 connection of a client that believes in one certificate. Disposal cuts it. */
export class Http2Client implements Disposable {
  readonly session: ClientHttp2Session;
  /** What TLS is spoken over. */
  readonly connection: Socket;

  private constructor(session: ClientHttp2Session, connection: Socket) {
    this.session = session;
    this.connection = connection;
    session.on('error', () => undefined);
    connection.on('error', () => undefined);
  }

  static async open(url: string, certificate: string, localAddress?: string): Promise<Http2Client> {
    const { hostname, port } = new URL(url);
    const connection = connectTcp({
      host: hostname,
      port: Number(port),
      ...(localAddress && { localAddress }),
    });
    await once(connection, 'connect');
    const session = connect(url, {
      createConnection: () =>
        connectTls({ socket: connection, host: hostname, ca: certificate, ALPNProtocols: ['h2'] }),
    });
    await once(session, 'connect');
    return new Http2Client(session, connection);
  }

  /** Opens a stream; its owner closes it. With a body, or a request that has none, it is ended. */
  stream({ method, path, headers = {}, body }: Http2Call, endStream = true): ClientHttp2Stream {
    const stream = this.session.request(
      { ':method': method, ':path': path, ...headers },
      { endStream: endStream && body === undefined },
    );
    stream.on('error', () => undefined);
    if (endStream) stream.end(body);
    else if (body !== undefined) stream.write(body);
    return stream;
  }

  /** One request, to the end of its stream. */
  async call(call: Http2Call): Promise<Http2Answer> {
    return answerOn(this.stream(call));
  }

  [Symbol.dispose](): void {
    this.session.destroy();
    this.connection.destroy();
  }
}

/** What comes on a stream until it closes. */
export async function answerOn(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let status = 0;
  let headers: Http2Answer['headers'] = {};
  let body = '';
  stream.on('response', (received) => {
    status = received[':status'] ?? 0;
    headers = received;
  });
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => (body += text));
  if (!stream.closed || !stream.destroyed) await new Promise((resolve) => stream.once('close', resolve));
  return { status, headers, body, resetCode: stream.rstCode };
}
