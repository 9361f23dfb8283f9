import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import { ForbiddenError, InvalidInputError } from '../domain/errors.ts';
import { holds, type Scope } from '../domain/scope.ts';
import type { GraphQLContext } from './context.ts';
import { missingScope } from './missing-scope.ts';
import type PrismaTypes from './generated/pothos-types.ts';
import { getDatamodel } from './generated/pothos-types.ts';

interface SchemaTypes {
  PrismaTypes: PrismaTypes;
  Context: GraphQLContext;
  AuthScopes: Record<Scope, boolean>;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  Scalars: {
    ID: { Input: string; Output: string | number };
    DateTime: { Input: Date; Output: Date };
    SafeInt: { Input: number; Output: number };
  };
}

/** Rows of a connection when neither `first` nor `last` is given. */
export const DEFAULT_PAGE_SIZE = 50;
/** The most rows of a connection; more is refused, not cut. */
export const MAX_PAGE_SIZE = 500;

/** Only the builder: types register themselves with it in their own files. */
export const builder = new SchemaBuilder<SchemaTypes>({
  // Whoever may not is refused before anything of the request is looked at: so this one comes first.
  plugins: [ScopeAuthPlugin, ValidationPlugin, ComplexityPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: ({ scope }) => ({
      read: holds(scope, 'read'),
      run: holds(scope, 'run'),
      exec: holds(scope, 'exec'),
      admin: holds(scope, 'admin'),
    }),
    authorizeOnSubscribe: true,
    // Once for an object, not again for each of its fields: a page of 500 jobs has thousands.
    runScopesOnType: true,
    unauthorizedError: (_parent, { scope }, { fieldName }, { failure }) =>
      new ForbiddenError(
        `${fieldName} needs a token with the scope ${missingScope(failure) ?? 'for it'}; this one has ${scope}.`,
      ),
  },
  prisma: {
    client: (context) => context.services.read,
    dmmf: getDatamodel(),
    defaultConnectionSize: DEFAULT_PAGE_SIZE,
    maxConnectionSize: MAX_PAGE_SIZE,
  },
  validation: {
    validationError: ({ issues }) => {
      const path = issues[0]?.path
        ?.map((part) => String(typeof part === 'object' ? part.key : part))
        .join('.');
      return new InvalidInputError(
        issues[0]?.message ?? 'The input is not valid.',
        path === '' ? undefined : path,
      );
    },
  },
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    cursorType: 'String',
    edgesFieldOptions: {
      nullable: { list: false, items: false },
      description: 'The rows of this page, each with its cursor.',
      complexity: { field: 0, multiplier: 1 },
    },
    nodeFieldOptions: { description: 'The row.' },
    cursorFieldOptions: { description: 'Where this row is, for `after` and `before`.' },
    pageInfoFieldOptions: { description: 'What is before and after this page.' },
    pageInfoTypeOptions: {
      authScopes: { read: true },
      description: 'What is before and after a page of a connection.',
    },
    hasNextPageFieldOptions: { description: 'Whether there are rows after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are rows before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first row of this page; null where it is empty.' },
    endCursorFieldOptions: { description: 'Cursor of the last row of this page; null where it is empty.' },
    firstArgOptions: { description: 'At most so many rows, from the beginning or after `after`.' },
    lastArgOptions: { description: 'At most so many rows, from the end or before `before`.' },
    afterArgOptions: { description: 'Only rows after this cursor.' },
    beforeArgOptions: { description: 'Only rows before this cursor.' },
  },
});
