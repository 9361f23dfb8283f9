import type { EnvEntry, JobSpec } from '../domain/job-spec.ts';
import { COOKIE_NAME } from './job-request.ts';
import type { JobUser } from './job-user.ts';

/** What every job's environment begins with. @param user whom jobs run as; `null` for the server's own user */
export function defaultEnvironment(
  path: string,
  lang: string,
  ownHome: string,
  user: JobUser | null,
): readonly EnvEntry[] {
  return [
    { name: 'PATH', value: path },
    { name: 'HOME', value: user?.home ?? ownHome },
    { name: 'LANG', value: lang },
    ...(user === null ? [] : ['USER', 'LOGNAME'].map((name) => ({ name, value: user.name }))),
  ];
}

/**
 * All that a program finds in its environment: PATH, HOME, LANG, what the request gave (which replaces them), and the
 * cookie by which its strays are known. Nothing of the server's.
 */
export function jobEnvironment(
  defaults: readonly EnvEntry[],
  spec: JobSpec,
  cookie: string,
): readonly EnvEntry[] {
  const given = new Set(spec.env.map((entry) => entry.name));
  const unbuffered =
    spec.unbuffered && !given.has('PYTHONUNBUFFERED') ? [{ name: 'PYTHONUNBUFFERED', value: '1' }] : [];
  return [
    ...defaults.filter((entry) => !given.has(entry.name)),
    ...spec.env,
    ...unbuffered,
    { name: COOKIE_NAME, value: cookie },
  ];
}
