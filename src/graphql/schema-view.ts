import { MapperKind, mapSchema, pruneSchema } from '@graphql-tools/utils';
import type { GraphQLFieldConfig, GraphQLSchema } from 'graphql';
import { holds, type Scope, SCOPES } from '../domain/scope.ts';

/** Gives the part of a schema that a scope may use. Each part is made when it is first asked for, and kept. */
export type SchemaView = (scope: Scope) => GraphQLSchema;

/**
 * A part has no root field that the scope may not use, and no type that only such fields lead to. What is left in it
 * resolves as in the whole.
 */
export function createSchemaView(whole: GraphQLSchema): SchemaView {
  const made = new Map<Scope, GraphQLSchema>();
  return (scope) => {
    const known = made.get(scope);
    if (known !== undefined) return known;
    const view = narrowed(whole, scope);
    made.set(scope, view);
    return view;
  };
}

function narrowed(whole: GraphQLSchema, scope: Scope): GraphQLSchema {
  const visible = mapSchema(whole, {
    [MapperKind.ROOT_FIELD]: (field) => (mayUse(field, scope) ? field : null),
  });
  return pruneSchema(visible);
}

/** Without a scope at it, a field is shown to nobody. */
function mayUse({ extensions }: GraphQLFieldConfig<unknown, unknown>, scope: Scope): boolean {
  const { authScopes } = (extensions?.['pothosOptions'] ?? {}) as { readonly authScopes?: unknown };
  const needed: unknown =
    typeof authScopes === 'function'
      ? (authScopes as (parent: object, args: object) => unknown)({}, {})
      : authScopes;
  // What depends on the arguments is asked as for none: that is the least that the field needs.
  return SCOPES.some((name) => holds(scope, name) && Object.hasOwn(Object(needed) as object, name));
}
