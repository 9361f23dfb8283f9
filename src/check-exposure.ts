import { type Config, ConfigError } from './config.ts';
import { isLoopback } from './http/loopback.ts';
import { TrustedProxies } from './http/trusted-proxies.ts';

// Why apart from the other options: every command reads those, and none but `serve` shall load what is needed here.

/**
 * Refuses what would let everybody in, before anything is made.
 * @returns the proxies that are trusted
 * @throws ConfigError
 */
export function checkExposure({ auth, host, port, trustedProxies }: Config): TrustedProxies {
  if (auth === 'off' && port !== null && !isLoopback(host)) {
    throw new ConfigError(
      `--auth off is refused on ${host}: whoever reaches it could run anything. Use a token, or listen on 127.0.0.1.`,
    );
  }
  try {
    return new TrustedProxies(trustedProxies);
  } catch (error) {
    throw new ConfigError(`--trusted-proxy is not understood: ${(error as Error).message}.`);
  }
}
