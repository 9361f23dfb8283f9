import { type DocumentNode, type GraphQLSchema, GraphQLError, validate, type ValidationRule } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { holds } from '../domain/scope.ts';
import type { GraphQLContext } from './context.ts';
import { createSchemaView } from './schema-view.ts';

/** May be in a text, too, where nobody asks for the schema: then the answer is the same, unless it needs a scope that is missing. */
const INTROSPECTION = /\b__(?:schema|type)\b/;
/** How GraphQL ends what it says of a variable, where a name is like one that there is. */
const SUGGESTION = /^(?<said>Variable "\$.*) Did you mean [^?]*\?$/s;

/**
 * Nobody is told of more than it may use: introspection sees that part of the schema alone, and what is wrong in a document
 * is said as of that part. Everything else meets the whole schema, whose fields say which scope is missing.
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
        if (errors.length > 0) outcome.setResult([...errors]);
      };
    },
    // Variables are read, of the whole schema, before anybody asks for a scope.
    onExecutionResult: (outcome) => {
      const { context, result } = outcome;
      if (holds(context.scope, 'admin') || result === undefined) return;
      if (Array.isArray(result) || isAsyncIterable(result) || result.errors === undefined) return;
      outcome.setResult({ ...result, errors: result.errors.map(withoutSuggestion) });
    },
  };
}

function withoutSuggestion(error: GraphQLError): GraphQLError {
  const said = SUGGESTION.exec(error.message)?.groups?.['said'];
  if (said === undefined) return error;
  const { nodes = null, source = null, positions = null, path = null, extensions } = error;
  return new GraphQLError(said, { nodes, source, positions, path, extensions });
}
