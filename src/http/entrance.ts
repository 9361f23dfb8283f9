import { createTokenComparison, type CredentialCheck } from './credential-check.ts';
import type { HttpConfig } from './http-config.ts';
import { LoginAttempts } from './login-attempts.ts';
import type { Sessions } from './sessions.ts';
import type { StaticFiles } from './static-files.ts';
import type { Tickets } from './tickets.ts';

/** What the doors that let browsers in have in common; made once by the server. */
export interface Entrance {
  readonly auth: HttpConfig['auth'];
  readonly check: CredentialCheck;
  readonly isToken: (given: string) => boolean;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly attempts: LoginAttempts;
  readonly files: StaticFiles;
}

export function createEntrance(
  config: Pick<HttpConfig, 'auth' | 'token'>,
  parts: Pick<Entrance, 'check' | 'sessions' | 'tickets' | 'files'>,
): Entrance {
  return {
    ...parts,
    auth: config.auth,
    isToken: createTokenComparison(config.token),
    attempts: new LoginAttempts(),
  };
}
