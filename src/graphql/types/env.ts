import { isSealed, type EnvEntry, type GivenEnvEntry } from '../../domain/env-entry.ts';
import { InvalidInputError } from '../../domain/errors.ts';
import { builder } from '../builder.ts';

export const EnvVar = builder.objectRef<EnvEntry>('EnvVar').implement({
  authScopes: { read: true },
  description: 'One variable that the request put into the environment of a program.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.string({
      nullable: true,
      description: 'Its value. Null for a secret: that is told to nobody but the program.',
      resolve: (entry) => (isSealed(entry) ? null : entry.value),
    }),
    secret: t.boolean({ description: 'Whether it is a secret.', resolve: isSealed }),
  }),
});

export const EnvInput = builder.inputType('EnvInput', {
  description: 'One variable for the environment of a program.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'Its name: letters, digits and _, not beginning with a digit.',
    }),
    value: t.string({
      description:
        'Its value, delivered byte for byte. A secret has 4 to 32768 bytes; without a value it keeps the one that its service, or the job that is run once more, has.',
    }),
    secret: t.boolean({
      defaultValue: false,
      description:
        'Whether it is a secret: never answered, encrypted where it is kept, and masked where the log of the job is read.',
    }),
  }),
});

/** As the supervisor takes them. @throws InvalidInputError for one that is open and has no value */
export function envOf(input: readonly (typeof EnvInput.$inferInput)[]): readonly GivenEnvEntry[] {
  return input.map(({ name, value, secret }) => {
    if (secret === true) return { name, secret: value ?? null };
    if (value != null) return { name, value };
    throw new InvalidInputError('Give each variable a value: only a secret can keep the one it has.', 'env');
  });
}
