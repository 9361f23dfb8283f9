/**
 * What a token lets its holder do, from least to most; each scope holds those before it.
 *
 * - `read`: see jobs and logs.
 * - `run`: start what is defined, unchanged; cancel and signal.
 * - `exec`: start any command; this is the server's user account.
 * - `admin`: tokens.
 */
export const SCOPES = ['read', 'run', 'exec', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether whoever holds `held` may do what needs `needed`. */
export function holds(held: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(held) >= SCOPES.indexOf(needed);
}
