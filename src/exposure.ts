import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { isLoopback } from './http/loopback.ts';
import type { JobUser } from './supervisor/job-user.ts';

/**
 * Says in the log, at the start, what of the configuration others could make use of, and what to do.
 * @param user whom jobs run as; `null` for the server's own user
 */
export function warnOfExposure(
  logger: Pick<Logger, 'warn'>,
  { host, port, tlsFiles, trustedProxies }: Config,
  user: JobUser | null,
): void {
  if (port !== null && !isLoopback(host) && tlsFiles === null && trustedProxies.length === 0) {
    logger.warn(
      { host, port },
      'the token and all logs cross the network unencrypted: give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that speaks HTTPS and is named with --trusted-proxy',
    );
  }
  if ((user?.uid ?? process.getuid?.()) === 0) {
    logger.warn(
      { uid: 0 },
      'running as root: so does every job, and whoever has a token that may start one is root here; run the server as a user of its own, or its jobs with --run-as',
    );
  }
}
