import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/**
 * A mutation has one root field: with aliases one small request could otherwise start hundreds of jobs. Counted over
 * fragments and without regard to @skip, so that no variable changes the answer.
 */
export function oneRootFieldRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== OperationTypeNode.MUTATION) return;
      if (countFields(context, operation.selectionSet, new Set()) > 1) {
        context.reportError(
          new GraphQLError('A request can have one mutation field. Send one request for each.', {
            nodes: [operation],
            extensions: { code: 'LIMIT_EXCEEDED' },
          }),
        );
      }
    },
  };
}

function countFields(
  context: ValidationContext,
  { selections }: SelectionSetNode,
  seen: Set<string>,
): number {
  let count = 0;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value !== '__typename') count += 1;
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      count += countFields(context, selection.selectionSet, seen);
    } else if (!seen.has(selection.name.value)) {
      seen.add(selection.name.value);
      const fragment = context.getFragment(selection.name.value);
      if (fragment) count += countFields(context, fragment.selectionSet, seen);
    }
  }
  return count;
}
