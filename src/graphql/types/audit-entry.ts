import { builder, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../builder.ts';
import { given } from '../given.ts';
import type PrismaTypes from '../generated/pothos-types.ts';
import { checkPageSize } from '../page-size.ts';
import { checkRowCursor } from '../row-cursor.ts';
import { ApiToken } from './api-token.ts';

const AuditEntry = builder.prismaObject('AuditEntry', {
  authScopes: { admin: true },
  description: 'What somebody did, or was refused. Entries are added, never changed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its number, given in order.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    who: t.exposeString('who', {
      description: 'With what: the API token, the token deploy, a browser session of either, or anybody.',
    }),
    token: t.relation('token', {
      type: ApiToken,
      nullable: true,
      description:
        'The token that was brought, itself or by a session; null for the server’s own, and for none.',
    }),
    address: t.exposeString('address', { description: 'From where: an IP address, or a unix socket.' }),
    action: t.exposeString('action', {
      description: 'What: the name of a mutation, or a method and a door, such as POST /login.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'On what, such as job 17; null where that is not known.',
    }),
    result: t.exposeString('result', { description: 'OK, or the code of the error.' }),
    count: t.exposeInt('count', {
      description:
        'How often: more than 1 only for refusals that came again and again, which are counted after the first.',
    }),
  }),
});

const AuditFilter = builder.inputType('AuditFilter', {
  description: 'Which entries. Everything that is given must hold.',
  fields: (t) => ({
    token: t.string({ description: 'With the token of this name, itself or by a session.' }),
    actions: t.stringList({ description: 'One of these actions.' }),
    results: t.stringList({ description: 'One of these results.' }),
    address: t.string({ description: 'From this address.' }),
    since: t.field({ type: 'DateTime', description: 'At this instant or later.' }),
    until: t.field({ type: 'DateTime', description: 'Before this instant.' }),
  }),
});

builder.queryFields((t) => ({
  auditLog: t.prismaConnection(
    {
      authScopes: { admin: true },
      type: AuditEntry,
      cursor: 'id',
      description:
        'Who did what, newest first: every mutation and login with its result, and every refusal. 50 a page unless `first` or ' +
        '`last` says otherwise, 500 at most.',
      args: { where: t.arg({ type: AuditFilter, description: 'Only these.' }) },
      complexity: ({ first, last }) => ({
        field: 1,
        multiplier: Math.min(first ?? last ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
      }),
      resolve: (query, _parent, { where, first, last, after, before }, { services }) => {
        checkPageSize({ first, last }, MAX_PAGE_SIZE);
        checkRowCursor('after', after, 'the audit log');
        checkRowCursor('before', before, 'the audit log');
        return services.read.auditEntry.findMany({
          ...query,
          where: entriesWhere(where ?? {}),
          orderBy: { id: 'desc' },
        });
      },
    },
    { name: 'AuditConnection', authScopes: { admin: true }, description: 'A page of the audit log.' },
    { name: 'AuditEdge', authScopes: { admin: true }, description: 'An entry and where it is in the list.' },
  ),
}));

function entriesWhere(filter: typeof AuditFilter.$inferInput): PrismaTypes['AuditEntry']['Where'] {
  const { token, actions, results, address, since, until } = given(filter);
  return {
    ...(token !== undefined && { token: { name: token } }),
    ...(actions && { action: { in: actions } }),
    ...(results && { result: { in: results } }),
    ...(address !== undefined && { address }),
    ...((since ?? until) && { at: given({ gte: since, lt: until }) }),
  };
}
