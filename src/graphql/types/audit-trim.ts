import { builder } from '../builder.ts';

builder.prismaObject('AuditTrim', {
  authScopes: { admin: true },
  description:
    'A removal of the oldest entries of the audit log by retention. Told for good: such a row is never removed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its number, given in order.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    lastId: t.field({
      type: 'ID',
      description: 'The entries up to this one are gone.',
      select: { lastId: true },
      resolve: ({ lastId }) => String(lastId),
    }),
    count: t.exposeInt('count', { description: 'How many of them went then.' }),
    digest: t.exposeString('digest', {
      description:
        'SHA-256, in hexadecimal, over the digest of the removal before and each entry as a line of JSON: whoever has kept them can prove it.',
    }),
  }),
});
