import type { JobId } from '../domain/job-id.ts';
import type { PlainEnvEntry } from '../domain/env-entry.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { openedEnv, secretsOf } from '../storage/opened-env.ts';
import type { SecretBox } from '../storage/secret-keys.ts';
import { LogMask } from '../logs/log-mask.ts';
import type { ErrandPlace } from './errand.ts';
import { COOKIE_NAME } from './job-request.ts';
import type { JobUser } from './job-user.ts';
import type { TreeRoot } from './process-tree.ts';

interface ErrandSurroundings {
  readonly environment: readonly PlainEnvEntry[];
  readonly user: JobUser | null;
  readonly secrets: SecretBox;
}

/** What every job's environment begins with. @param user whom jobs run as; `null` for the server's own user */
export function defaultEnvironment(
  path: string,
  lang: string,
  ownHome: string,
  user: JobUser | null,
): readonly PlainEnvEntry[] {
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
 * @throws SecretsUnavailableError
 */
export function jobEnvironment(
  defaults: readonly PlainEnvEntry[],
  spec: JobSpec,
  cookie: string,
  secrets: SecretBox,
): readonly PlainEnvEntry[] {
  const given = new Set(spec.env.map((entry) => entry.name));
  const unbuffered =
    spec.unbuffered && !given.has('PYTHONUNBUFFERED') ? [{ name: 'PYTHONUNBUFFERED', value: '1' }] : [];
  return [
    ...defaults.filter((entry) => !given.has(entry.name)),
    ...openedEnv(spec.env, secrets),
    ...unbuffered,
    { name: COOKIE_NAME, value: cookie },
  ];
}

/**
 * In what a program is run beside a job that runs: as the job's own, and it can tell which job that is.
 * @throws SecretsUnavailableError
 */
export function errandPlace(
  { environment, user, secrets }: ErrandSurroundings,
  jobId: JobId,
  spec: JobSpec,
  { cookie, program }: TreeRoot,
): ErrandPlace {
  const own = [
    { name: 'LIFELINE_JOB_ID', value: String(jobId) },
    { name: 'LIFELINE_PID', value: String(program.pid) },
  ];
  const names = new Set(own.map(({ name }) => name));
  const inherited = jobEnvironment(environment, spec, cookie, secrets).filter(({ name }) => !names.has(name));
  const mask = LogMask.of(secretsOf(spec.env, secrets));
  return { cwd: spec.cwd, environment: [...inherited, ...own], user, mask };
}
