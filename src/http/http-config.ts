import type { StreamBounds } from './open-streams.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** What the HTTP server must know of the configuration. */
export interface HttpConfig extends StreamBounds {
  /** The address to bind. */
  readonly host: string;
  /** 0 picks a free one; null: none, only the socket. */
  readonly port: number | null;
  /** Absolute path of a unix socket to listen on; null: none. */
  readonly socketPath: string | null;
  /** PEM texts; with them the port speaks HTTPS alone. The socket never does. */
  readonly tls: TlsIdentity | null;
  readonly trustedProxies: TrustedProxies;
  /** Further names that a Host header may give, as `name` (any port) or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Further origins whose pages may use the API, exactly as browsers write them: `http://localhost:5173`. */
  readonly allowedOrigins: readonly string[];
  readonly auth: 'token' | 'off';
  /** The API token itself; unused where `auth` is `off`. */
  readonly token: string;
}

/** A certificate, with those that lead to its authority, and its private key. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}
