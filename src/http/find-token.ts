import { timingSafeEqual } from 'node:crypto';
import type { Scope } from '../domain/scope.ts';
import type { ApiTokens } from './api-tokens.ts';
import { digestOf } from './digest-of.ts';

/** A token that is usable now. */
export interface FoundToken {
  /** `null` for the API token of the server. */
  readonly tokenId: number | null;
  readonly scope: Scope;
  /** For people: `the API token`, or `the token deploy`. */
  readonly title: string;
}

/** The usable token that a text is. */
export type FindToken = (given: string) => FoundToken | undefined;

/** Of the server's own token, which may do everything. */
export const OWN_TOKEN: FoundToken = { tokenId: null, scope: 'admin', title: 'the API token' };

/** Looks among the server's own token, compared in constant time, and the stored ones. */
export function createFindToken(ownToken: string, tokens: ApiTokens): FindToken {
  // Digests, because timingSafeEqual takes equal lengths only, and a length tells something, too.
  const digest = (text: string): Buffer => Buffer.from(digestOf(text));
  const expected = digest(ownToken);
  return (given) => (timingSafeEqual(digest(given), expected) ? OWN_TOKEN : describe(tokens.find(given)));
}

/** The stored token of this id, if it is usable still. */
export function findTokenById(tokens: ApiTokens, id: number | null): FoundToken | undefined {
  return id === null ? OWN_TOKEN : describe(tokens.findById(id));
}

function describe(token: { id: number; scope: Scope; name: string } | undefined): FoundToken | undefined {
  return token && { tokenId: token.id, scope: token.scope, title: `the token ${token.name}` };
}
