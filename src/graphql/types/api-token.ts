import { type Actor, describeActor } from '../../domain/audit.ts';
import { type Scope, SCOPES } from '../../domain/scope.ts';
import { onToken } from '../audit-subject.ts';
import { builder } from '../builder.ts';

const DESCRIPTIONS: Readonly<Record<Scope, string>> = {
  read: 'See jobs and logs.',
  run: 'All of READ, and start what is defined, unchanged; cancel and signal.',
  exec: 'All of RUN, and start any command: whoever holds it has the account of the server.',
  admin: 'All of EXEC, and make and revoke tokens.',
};

export const ScopeRef = builder.enumType('Scope', {
  description: 'What a token lets its holder do. Each holds those before it.',
  values: Object.fromEntries(
    SCOPES.map((scope) => [scope.toUpperCase(), { value: scope, description: DESCRIPTIONS[scope] }]),
  ) as Record<Uppercase<Scope>, { value: Scope; description: string }>,
});

export const ApiToken = builder.prismaObject('ApiToken', {
  authScopes: { admin: true },
  description:
    'A token beside the server’s own. The token itself is shown once, when it is made, and kept nowhere.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, by which people and the server speak of it.' }),
    scope: t.field({
      type: ScopeRef,
      select: { scope: true },
      description: 'What it lets its holder do.',
      resolve: ({ scope }) => scope as Scope,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    createdBy: t.exposeString('createdBy', { description: 'Who made it.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null for never.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to a minute; null where it never was.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null where it was not.',
    }),
  }),
});

interface MadeToken {
  readonly id: number;
  readonly secret: string;
}

const CreatedToken = builder.objectRef<MadeToken>('CreatedToken').implement({
  authScopes: { admin: true },
  description: 'A token that was just made.',
  fields: (t) => ({
    secret: t.exposeString('secret', {
      description: 'The token itself, for Authorization: Bearer. It cannot be had again.',
    }),
    token: t.prismaField({
      type: ApiToken,
      description: 'What is kept of it.',
      resolve: (query, { id }, _args, { services }) =>
        services.read.apiToken.findUniqueOrThrow({ ...query, where: { id } }),
    }),
  }),
});

const Viewer = builder.objectRef<Actor & { readonly scope: Scope }>('Viewer').implement({
  authScopes: { read: true },
  description: 'Who asks.',
  fields: (t) => ({
    name: t.string({
      description: 'With what, and from where, in words for people.',
      resolve: describeActor,
    }),
    scope: t.field({ type: ScopeRef, description: 'What it may do.', resolve: ({ scope }) => scope }),
  }),
});

const CreateTokenInput = builder.inputType('CreateTokenInput', {
  description: 'What a new token shall be.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'A name that no other token has or had: letters, digits and any of . _ - @, 64 at most.',
    }),
    scope: t.field({ type: ScopeRef, required: true, description: 'What it lets its holder do.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends by itself. Default: never.' }),
  }),
});

builder.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    authScopes: { read: true },
    description: 'Who asks, and what it may do.',
    resolve: (_parent, _args, { title, tokenId, address, scope }) => ({ title, tokenId, address, scope }),
  }),
  tokens: t.prismaField({
    type: [ApiToken],
    authScopes: { admin: true },
    description: 'All tokens beside the server’s own, revoked and expired ones included, oldest first.',
    resolve: (query, _parent, _args, { services }) =>
      services.read.apiToken.findMany({ ...query, orderBy: { id: 'asc' } }),
  }),
}));

builder.mutationFields((t) => ({
  createToken: t.field({
    type: CreatedToken,
    authScopes: { admin: true },
    extensions: onToken,
    description: 'Makes a token, and shows it this once.',
    args: {
      input: t.arg({ type: CreateTokenInput, required: true, description: 'What it shall be.' }),
    },
    resolve: (_parent, { input: { name, scope, expiresAt } }, context) =>
      context.services.tokens.create({
        name,
        scope,
        expiresAt: expiresAt ?? null,
        createdBy: describeActor(context),
      }),
  }),
  revokeToken: t.prismaField({
    type: ApiToken,
    authScopes: { admin: true },
    extensions: onToken,
    description:
      'Ends a token at once, with the sessions that were begun with it; streams that they still receive are cut within a second. ' +
      'A repeat changes nothing.',
    args: { name: t.arg.string({ required: true, description: 'Its name.' }) },
    resolve: async (query, _parent, { name }, { services }) => {
      const id = await services.tokens.revoke(name);
      return services.read.apiToken.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
}));
