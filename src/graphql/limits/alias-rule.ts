import { type ASTVisitor, GraphQLError, type ValidationContext, type ValidationRule } from 'graphql';

/** Refuses documents with more than `most` aliases, by which one field can be asked for many times over. */
export function aliasRule(most: number): ValidationRule {
  return function AliasRule(context: ValidationContext): ASTVisitor {
    let count = 0;
    return {
      Field(field) {
        if (field.alias === undefined) return;
        count += 1;
        if (count === most + 1) {
          context.reportError(
            new GraphQLError(`A request can have ${String(most)} aliases at most.`, {
              nodes: [field],
              extensions: { code: 'LIMIT_EXCEEDED' },
            }),
          );
        }
      },
    };
  };
}
