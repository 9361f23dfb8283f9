import {
  isGivenSecret,
  isSealed,
  type EnvEntry,
  type GivenEnvEntry,
  type GivenSecret,
  type SealedEnvEntry,
} from '../domain/env-entry.ts';
import { InvalidInputError } from '../domain/errors.ts';
import type { SecretBox } from '../storage/secret-keys.ts';

/** Fewer are in every log by chance, and what stands for them would tell more than it hides. */
export const LEAST_SECRET_BYTES = 4;
/** Readers look so far around each piece of a log. */
export const MOST_SECRET_BYTES = 32 * 1024;
/** A log is looked through for each of them. */
export const MOST_SECRETS = 32;
/** JSON can write it, UTF-8 cannot. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Variables as they are kept: each secret is sealed, and its value is nowhere else.
 * @throws InvalidInputError, SecretsUnavailableError
 */
export function sealedEnv(given: readonly GivenEnvEntry[], box: SecretBox): readonly EnvEntry[] {
  const env = given.map((entry) => (isGivenSecret(entry) ? sealedEntry(entry, box) : entry));
  if (env.filter(isSealed).length > MOST_SECRETS)
    throw new InvalidInputError(`At most ${String(MOST_SECRETS)} variables can be secret.`, 'env');
  return env;
}

/**
 * Variables with the secrets that have no value taken from those that are kept.
 * @throws InvalidInputError where there is none
 */
export function withKept(
  given: readonly GivenEnvEntry[],
  kept: readonly EnvEntry[],
): readonly GivenEnvEntry[] {
  return given.map((entry) => {
    if (!isGivenSecret(entry) || entry.secret !== null) return entry;
    const former = kept.find(({ name }) => name === entry.name);
    if (former === undefined) throw withoutValue(entry.name);
    return isSealed(former) ? former : { name: entry.name, secret: former.value };
  });
}

function sealedEntry({ name, secret }: GivenSecret, box: SecretBox): SealedEnvEntry {
  if (secret === null) throw withoutValue(name);
  return { name, sealed: box.seal(name, checkedSecret(name, secret)) };
}

function withoutValue(name: string): InvalidInputError {
  return new InvalidInputError(
    `The secret ${shown(name)} has no value, and there is none that could be kept: give one.`,
    'env',
  );
}

function checkedSecret(name: string, value: string): string {
  const refuse = (problem: string): never => {
    throw new InvalidInputError(`The secret ${shown(name)} ${problem}.`, 'env');
  };
  if (name === 'PATH') return refuse('cannot be one: programs are looked for in it');
  if (value.includes('\0')) return refuse('has a NUL character, which no program can receive');
  if (LONE_SURROGATE.test(value)) return refuse('has half a surrogate pair, which no bytes can stand for');
  const bytes = Buffer.byteLength(value);
  if (bytes < LEAST_SECRET_BYTES || value.trim().length === 0)
    return refuse(
      `is shorter than ${String(LEAST_SECRET_BYTES)} bytes, or blank, so it cannot be told from other text in a log: give a longer one, or give it openly`,
    );
  if (bytes > MOST_SECRET_BYTES)
    return refuse(`is longer than ${String(MOST_SECRET_BYTES)} bytes: pass it in a file`);
  return value;
}

/** It has not been checked yet. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
