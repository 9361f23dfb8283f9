import type { EnvEntry } from '../../domain/job-spec.ts';
import { builder } from '../builder.ts';

export const EnvVar = builder.objectRef<EnvEntry>('EnvVar').implement({
  authScopes: { read: true },
  description: 'One variable that the request put into the environment of a program.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value.' }),
  }),
});

export const EnvInput = builder.inputType('EnvInput', {
  description: 'One variable for the environment of a program.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'Its name: letters, digits and _, not beginning with a digit.',
    }),
    value: t.string({ required: true, description: 'Its value, delivered byte for byte.' }),
  }),
});
