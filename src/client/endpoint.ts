/** Where the server is and how to speak to it. */
export interface Endpoint {
  /** Absolute URL of `/graphql`. */
  readonly graphqlUrl: string;
  /** Headers of every request; the credential is here and never in a URL. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
}

/** As much of `fetch` as the client uses: the global one is one. Rejects where there is no answer, or the signal aborts. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

export interface FetchRequest {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal?: AbortSignal | null;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
  /** Rejects where the body is no JSON, or breaks off. */
  json(): Promise<unknown>;
}

export interface EndpointOptions {
  /** Absolute URL of the server, such as `http://127.0.0.1:4000`; a path is kept, for servers behind a proxy. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
}

/** What a header's value can have (RFC 9110, 5.5). */
const HEADER_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @throws TypeError if `url` is not absolute, or the token cannot be a header */
export function endpointOf({ url, token, fetch }: EndpointOptions): Endpoint {
  // Not `new Headers`: in Node that loads all of fetch, a third of the time in which `lifeline ps` is done.
  if (token !== undefined && !HEADER_TEXT.test(token)) throw new TypeError('The token cannot be a header.');
  return {
    graphqlUrl: new URL('graphql', url.endsWith('/') ? url : `${url}/`).href,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    // Browsers refuse a fetch that is called as a method of another object.
    fetch: fetch ?? ((...request) => globalThis.fetch(...request)),
  };
}
