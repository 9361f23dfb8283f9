import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { isLoopback } from './http/loopback.ts';

/** Says in the log, at the start, what of the configuration others could make use of, and what to do. */
export function warnOfExposure(
  logger: Pick<Logger, 'warn'>,
  { host, port, tlsFiles, trustedProxies }: Config,
): void {
  if (port !== null && !isLoopback(host) && tlsFiles === null && trustedProxies.length === 0) {
    logger.warn(
      { host, port },
      'the token and all logs cross the network unencrypted: give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that speaks HTTPS and is named with --trusted-proxy',
    );
  }
  if (process.getuid?.() === 0) {
    logger.warn(
      { uid: 0 },
      'running as root: so does every job, and whoever has a token is root here; run it as a user of its own',
    );
  }
}
