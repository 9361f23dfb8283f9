/** What the HTTP server must know of the configuration. */
export interface HttpConfig {
  /** The address to bind. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Further names that a Host header may give, as `name` (any port) or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Further origins whose pages may use the API, exactly as browsers write them: `http://localhost:5173`. */
  readonly allowedOrigins: readonly string[];
  readonly auth: 'token' | 'off';
  /** The API token itself; unused where `auth` is `off`. */
  readonly token: string;
}
