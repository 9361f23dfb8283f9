import { isSealed, type EnvEntry, type PlainEnvEntry } from '../domain/env-entry.ts';
import type { SecretBox } from './secret-keys.ts';

/** Variables as a program gets them. @throws SecretsUnavailableError */
export function openedEnv(env: readonly EnvEntry[], box: SecretBox): readonly PlainEnvEntry[] {
  return env.map((entry) =>
    isSealed(entry) ? { name: entry.name, value: box.open(entry.name, entry.sealed) } : entry,
  );
}

/** The values of the secrets among them. @throws SecretsUnavailableError */
export function secretsOf(env: readonly EnvEntry[], box: SecretBox): readonly string[] {
  return openedEnv(env.filter(isSealed), box).map(({ value }) => value);
}
