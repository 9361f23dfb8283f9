import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  validate,
  type ValidationRule,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { holds, type Scope } from '../domain/scope.ts';
import type { GraphQLContext } from './context.ts';
import { createSchemaView, type SchemaView } from './schema-view.ts';

/** May be in a text, too, where nobody asks for the schema: then the answer is the same, unless it needs a scope that is missing. */
const INTROSPECTION = /\b__(?:schema|type)\b/;
/**
 * Nobody is told of more than it may use: introspection sees that part of the schema alone, and what is wrong in a document
 * is said as of that part. So are its variables: where the document asks for more than that part has, nothing is said of them.
 * Everything else meets the whole schema, whose fields say which scope is missing.
 *
 * It stands behind the cache of validations and the plugins with rules, on every way into Yoga.
 */
export function toldByScope(whole: GraphQLSchema): Plugin<GraphQLContext, GraphQLContext> {
  const view = createSchemaView(whole);
  return {
    // Set for each request anew: Yoga keeps what was set for the one before.
    onEnveloped: ({ context, setSchema }) => {
      const isIntrospection = context != null && INTROSPECTION.test(context.params.query ?? '');
      setSchema(isIntrospection ? view(context.scope) : whole);
    },
    onValidate: ({ context: { scope }, params }) => {
      if (holds(scope, 'admin')) return undefined;
      return (outcome) => {
        if (outcome.valid) return;
        const errors = validate(
          view(scope),
          params.documentAST as DocumentNode,
          params.rules as ValidationRule[],
        );
        // Nothing is wrong as of that part where it has no root for the operation.
        outcome.setResult(errors.length > 0 ? [...errors] : [beyond(scope)]);
      };
    },
    // Variables are read, of the whole schema, before anybody asks for a scope.
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result, setResult }) => {
        const refused = refusedVariables(view, args, result);
        if (refused !== undefined) setResult(refused);
      },
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result, setResult }) => {
        const refused = refusedVariables(view, args, result);
        if (refused !== undefined) setResult(refused);
      },
    }),
  };
}

/** What is said instead of a result without data, where the document asks for more than the part that may be used. */
function refusedVariables(
  view: SchemaView,
  { document, contextValue }: Pick<ExecutionArgs, 'document' | 'contextValue'>,
  result: unknown,
): ExecutionResult | undefined {
  const { scope } = contextValue as GraphQLContext;
  const isRefused =
    typeof result === 'object' && result !== null && 'errors' in result && !('data' in result);
  if (!isRefused || holds(scope, 'admin')) return undefined;
  const part = view(scope);
  const hasRoots = document.definitions.every(
    (definition) =>
      definition.kind !== Kind.OPERATION_DEFINITION || part.getRootType(definition.operation) != null,
  );
  return hasRoots && validate(part, document).length === 0 ? undefined : { errors: [beyond(scope)] };
}

function beyond(scope: Scope): GraphQLError {
  return new GraphQLError(`This asks for more than a token with the scope ${scope} may use.`, {
    extensions: { code: 'FORBIDDEN', http: { status: 400, spec: true } },
  });
}
