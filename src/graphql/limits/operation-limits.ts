import { createComplexityRule } from '@pothos/plugin-complexity';
import { type ExecutionArgs, GraphQLError, parse, type ParseOptions, type Source, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { aliasRule } from './alias-rule.ts';
import { depthRule } from './depth-rule.ts';
import { oneRootFieldRule } from './one-root-field-rule.ts';

/** The introspection query of GraphiQL and of code generators fits in all of these. */
const MAX_TOKENS = 1_000;
const MAX_DEPTH = 16;
const MAX_ALIASES = 20;
/** Fields, each counted as often as its lists can be long. */
const MAX_COMPLEXITY = 25_000;

/** What a single operation may ask for. The same for queries, mutations and subscriptions, before anything runs. */
export function operationLimits(): Plugin {
  const depth = depthRule(MAX_DEPTH);
  const aliases = aliasRule(MAX_ALIASES);
  return {
    onParse: ({ setParseFn }) => {
      setParseFn(parseWithin);
    },
    onValidate: ({ addValidationRule }) => {
      addValidationRule(oneRootFieldRule);
      addValidationRule(depth);
      addValidationRule(aliases);
    },
    onExecute: ({ args, setResultAndStopExecution }) => {
      const error = complexityError(args);
      if (error !== undefined) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const error = complexityError(args);
      if (error !== undefined) setResultAndStopExecution({ errors: [error] });
    },
  };
}

function parseWithin(source: string | Source, options?: ParseOptions) {
  try {
    return parse(source, { ...options, maxTokens: MAX_TOKENS });
  } catch (error) {
    // The parser has no class or code of its own for this.
    if (!(error instanceof GraphQLError) || !error.message.includes(`${String(MAX_TOKENS)} tokens`))
      throw error;
    throw refusal(`A document can have ${String(MAX_TOKENS)} tokens at most.`);
  }
}

/** Not a cached validation rule, because page sizes come in variables. */
function complexityError(args: ExecutionArgs): GraphQLError | undefined {
  let found: GraphQLError | undefined;
  const rule = createComplexityRule({
    context: args.contextValue as object,
    variableValues: args.variableValues ?? {},
    operationName: args.operationName ?? null,
    validate: ({ complexity }) => {
      if (complexity > MAX_COMPLEXITY) {
        found = refusal(
          `This asks for up to ${String(complexity)} fields; ${String(MAX_COMPLEXITY)} is the most. Ask for smaller pages.`,
        );
      }
    },
  });
  // Other errors that it reports (variables, names) are the executor's to tell.
  validate(args.schema, args.document, [rule]);
  return found;
}

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'LIMIT_EXCEEDED', http: { status: 400, spec: true } },
  });
}
