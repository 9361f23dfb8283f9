import type { ErrorCode } from './errors.ts';

/** Who asks for something: with what, and from where. Nothing secret is in it. */
export interface Actor {
  /** For people: `the API token`, `a browser session of the token deploy`, `anybody`. */
  readonly title: string;
  /** The stored token that it brought, itself or by its session; `null` for the API token, or where none was brought. */
  readonly tokenId: number | null;
  /** An IP address, `a unix socket`, or empty where the connection broke before it could be asked. */
  readonly address: string;
}

/** What somebody did, or was refused. */
export interface AuditedAct {
  readonly actor: Actor;
  /** The mutation's name, or the method and the name of the door. */
  readonly action: string;
  /** On what: `job 17`, `the token deploy`; `null` where that is not known. */
  readonly subject: string | null;
  readonly result: 'OK' | ErrorCode;
}

/** Whether somebody was kept from something, rather than wrong about it. */
export function isRefusal(result: AuditedAct['result']): boolean {
  return result === 'UNAUTHENTICATED' || result === 'FORBIDDEN' || result === 'LIMIT_EXCEEDED';
}

/** Such as `the API token, from 127.0.0.1`. */
export function describeActor({ title, address }: Actor): string {
  return address === '' ? title : `${title}, from ${address}`;
}
