import type { AuditTrail } from '../graphql/services.ts';
import type { CredentialCheck } from './credential-check.ts';
import type { FindToken } from './find-token.ts';
import type { HttpConfig } from './http-config.ts';
import type { Sessions } from './sessions.ts';
import type { StaticFiles } from './static-files.ts';
import type { Tickets } from './tickets.ts';
import type { WrongAttempts } from './wrong-attempts.ts';

/** What the doors that let browsers in have in common; made once by the server. */
export interface Entrance {
  readonly auth: HttpConfig['auth'];
  readonly check: CredentialCheck;
  readonly findToken: FindToken;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly attempts: WrongAttempts;
  readonly files: StaticFiles;
  readonly audit: AuditTrail;
}

export function createEntrance(
  config: Pick<HttpConfig, 'auth'>,
  parts: Pick<Entrance, 'check' | 'findToken' | 'sessions' | 'tickets' | 'attempts' | 'files' | 'audit'>,
): Entrance {
  return { ...parts, auth: config.auth };
}
