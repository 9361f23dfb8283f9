import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** The fields behind one response key: the same field, selected once or several times. */
export type SelectedField = readonly [FieldNode, ...FieldNode[]];

/**
 * Which fields a document selects of an object, in the order in which they are answered: GraphQL, October 2021, 6.3.2
 * CollectFields, for a document that is valid.
 */
export class SelectedFields {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variableValues: Record<string, unknown>;

  /** @param variableValues coerced, with defaults */
  constructor(schema: GraphQLSchema, document: DocumentNode, variableValues: Record<string, unknown>) {
    this.#schema = schema;
    this.#fragments = new Map(
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
      ),
    );
    this.#variableValues = variableValues;
  }

  /** By response key. @param selectionSets all that are merged into one object */
  of(
    type: GraphQLObjectType,
    selectionSets: readonly SelectionSetNode[],
  ): ReadonlyMap<string, SelectedField> {
    const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
    const visited = new Set<string>();
    for (const selectionSet of selectionSets) this.#collect(type, selectionSet, fields, visited);
    return fields;
  }

  /** Of the object that is behind a field. */
  below(field: SelectedField, type: GraphQLObjectType): ReadonlyMap<string, SelectedField> {
    return this.of(
      type,
      field.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
  }

  #collect(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    fields: Map<string, [FieldNode, ...FieldNode[]]>,
    visited: Set<string>,
  ): void {
    for (const selection of selections) {
      if (!this.#isIncluded(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [selection]);
        else known.push(selection);
        continue;
      }
      let part: FragmentDefinitionNode | typeof selection = selection;
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = selection.name.value;
        const fragment = this.#fragments.get(name);
        if (visited.has(name) || fragment === undefined) continue;
        visited.add(name);
        part = fragment;
      }
      if ('selectionSet' in part && this.#applies(part.typeCondition?.name.value, type))
        this.#collect(type, part.selectionSet, fields, visited);
    }
  }

  #isIncluded(node: SelectionNode): boolean {
    const skip = getDirectiveValues(GraphQLSkipDirective, node, this.#variableValues);
    if (skip?.['if'] === true) return false;
    const include = getDirectiveValues(GraphQLIncludeDirective, node, this.#variableValues);
    return include?.['if'] !== false;
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const conditional = this.#schema.getType(condition);
    return isAbstractType(conditional) && this.#schema.isSubType(conditional, type);
  }
}
