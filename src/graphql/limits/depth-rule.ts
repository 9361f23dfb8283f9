import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Refuses operations whose fields are nested deeper than `most`, introspection included. */
export function depthRule(most: number): ValidationRule {
  return function DepthRule(context: ValidationContext): ASTVisitor {
    const depths = new Map<string, number>();

    function depthOf({ selections }: SelectionSetNode): number {
      let deepest = 0;
      for (const selection of selections) {
        let depth: number;
        if (selection.kind === Kind.FIELD) {
          depth = 1 + (selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet));
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          depth = depthOf(selection.selectionSet);
        } else {
          depth = depthOfFragment(selection.name.value);
        }
        deepest = Math.max(deepest, depth);
      }
      return deepest;
    }

    function depthOfFragment(name: string): number {
      const known = depths.get(name);
      if (known !== undefined) return known;
      // A cycle ends here; another rule refuses it.
      depths.set(name, 0);
      const fragment = context.getFragment(name);
      const depth = fragment ? depthOf(fragment.selectionSet) : 0;
      depths.set(name, depth);
      return depth;
    }

    return {
      OperationDefinition(operation) {
        const depth = depthOf(operation.selectionSet);
        if (depth > most) {
          context.reportError(
            new GraphQLError(`This is nested ${String(depth)} fields deep; ${String(most)} is the most.`, {
              nodes: [operation],
              extensions: { code: 'LIMIT_EXCEEDED' },
            }),
          );
        }
      },
    };
  };
}
