import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';

// Why subclasses: Node's compatibility layer gives HTTP/2 the face of HTTP/1.1 for one set of doors, but for the things
// below. What the tests of the gate and of leaving readers find over HTTP/1.1 they find here.

/** A request over HTTP/2 with what the doors use of one over HTTP/1.1. Its host is `:authority` (RFC 9113, 8.3.1). */
export class CompatibleRequest extends Http2ServerRequest {
  /** As of `IncomingMessage`. A host that differs from `:authority` is a second one. */
  readonly headersDistinct: Readonly<Record<string, string[]>>;

  constructor(...parameters: ConstructorParameters<typeof Http2ServerRequest>) {
    super(...parameters);
    this.headersDistinct = distinctHeaders(this.rawHeaders, this.headers);
    this.headers.host ??= this.headersDistinct['host']?.[0];
  }
}

/** A response over HTTP/2 with what the doors use of one over HTTP/1.1. */
export class CompatibleResponse extends Http2ServerResponse<CompatibleRequest> {
  constructor(stream: ServerHttp2Stream) {
    super(stream);
    // Node's class lacks it, and its type says otherwise, so it cannot be an accessor of the class.
    Object.defineProperty(this, 'destroyed', { get: () => stream.destroyed || stream.closed });
    // Node says nothing of the end of an exchange whose HEAD request was not answered yet.
    let isClosed = false;
    this.once('close', () => {
      isClosed = true;
    });
    stream.once('close', () => {
      if (!isClosed) this.emit('close');
    });
  }

  /**
   * Cuts the response, so that no client takes it for whole: Node would reset the stream with NO_ERROR, which looks like
   * an end.
   */
  override destroy(): this {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    this.stream.destroy();
    return this;
  }
}

function distinctHeaders(
  rawHeaders: readonly string[],
  headers: IncomingHttpHeaders,
): Record<string, string[]> {
  const distinct: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!name.startsWith(':')) (distinct[name] ??= []).push(rawHeaders[index + 1] ?? '');
  }
  const authority = headers[':authority'];
  if (authority !== undefined) {
    const others = distinct['host']?.filter((host) => host.toLowerCase() !== authority.toLowerCase()) ?? [];
    distinct['host'] = [authority, ...others];
  }
  return distinct;
}
