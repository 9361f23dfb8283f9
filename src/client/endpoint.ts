/** Where the server is and how to speak to it. */
export interface Endpoint {
  /** Absolute URL of `/graphql`. */
  readonly graphqlUrl: string;
  /** Headers of every request; the credential is here and never in a URL. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
}

export interface EndpointOptions {
  /** Absolute URL of the server, such as `http://127.0.0.1:4000`; a path is kept, for servers behind a proxy. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** @throws TypeError if `url` is not absolute, or the token cannot be a header */
export function endpointOf({ url, token, fetch }: EndpointOptions): Endpoint {
  return {
    graphqlUrl: new URL('graphql', url.endsWith('/') ? url : `${url}/`).href,
    headers: Object.fromEntries(new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` })),
    // Browsers refuse a fetch that is called as a method of another object.
    fetch: fetch ?? ((...request) => globalThis.fetch(...request)),
  };
}
