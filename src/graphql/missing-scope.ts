import { type AuthFailure, AuthScopeFailureType } from '@pothos/plugin-scope-auth';

/** Which scope somebody lacked, however it was asked for; `undefined` where none alone would have been enough. */
export function missingScope(failure: AuthFailure): string | undefined {
  if (failure.kind === AuthScopeFailureType.AuthScope) return failure.scope;
  if (!('failures' in failure)) return undefined;
  const scopes = failure.failures.map(missingScope);
  return scopes.length === 1 ? scopes[0] : undefined;
}
