/** A variable that anybody may see who may see the job. */
export interface PlainEnvEntry {
  readonly name: string;
  readonly value: string;
}

/** A variable whose value is nowhere but in this text, encrypted: a secret, as it is kept. Equal values of one name give equal texts. */
export interface SealedEnvEntry {
  readonly name: string;
  readonly sealed: string;
}

/** A variable as it is kept. */
export type EnvEntry = PlainEnvEntry | SealedEnvEntry;

/** A secret as somebody gives it; `null` stands for the value that is kept already. */
export interface GivenSecret {
  readonly name: string;
  readonly secret: string | null;
}

/** A variable as somebody gives it. */
export type GivenEnvEntry = EnvEntry | GivenSecret;

/** Whether its value is encrypted. */
export function isSealed(entry: GivenEnvEntry): entry is SealedEnvEntry {
  return 'sealed' in entry;
}

/** Whether it is a secret that has not been encrypted yet. */
export function isGivenSecret(entry: GivenEnvEntry): entry is GivenSecret {
  return 'secret' in entry;
}
