import {
  type DocumentNode,
  getOperationAST,
  getVariableValues,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { BoundedCache } from '../../domain/bounded-cache.ts';
import type { JobLogPayloadOf } from '../job-log-events.ts';
import { LINE_FIELDS, type LineField, type LineSelection, LinesTemplate } from './lines-template.ts';
import { RenderedEvents } from './rendered-events.ts';
import { RenderedResult } from './rendered-result.ts';
import { type SelectedField, SelectedFields } from './selected-fields.ts';

/** One subscription to `jobLogs`, as Yoga is about to begin it. */
export interface Subscribing {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Record<string, unknown> | null | undefined;
}

/** Templates by what is selected, shared by all subscriptions that select the same. */
export class KeptTemplates {
  readonly #events = new BoundedCache<LogLinesTemplate>(KEPT_SELECTIONS);
  readonly #lines = new BoundedCache<LinesTemplate>(KEPT_SELECTIONS);

  ofEvents(pieces: readonly Piece[]): LogLinesTemplate {
    return this.#events.getOrMake(JSON.stringify(pieces), () => new LogLinesTemplate(pieces, this));
  }

  ofLines(selection: LineSelection): LinesTemplate {
    return this.#lines.getOrMake(JSON.stringify(selection), () => new LinesTemplate(selection));
  }
}

/** Of each kind. */
const KEPT_SELECTIONS = 64;

/** Text that is always the same, a fact of the event, or its lines. */
type Piece = { readonly text: string } | 'jobId' | 'lastSeq' | { readonly lines: LineSelection };

/** Writes the results of subscriptions that are lines. */
export class LogLinesTemplate {
  readonly #pieces: readonly (Exclude<Piece, { lines: LineSelection }> | LinesTemplate)[];

  /** Made by `compile`, and shared. */
  constructor(pieces: readonly Piece[], templates: KeptTemplates) {
    this.#pieces = pieces.map((piece) =>
      typeof piece === 'object' && 'lines' in piece ? templates.ofLines(piece.lines) : piece,
    );
  }

  /**
   * Gives the template of an operation that is valid; `undefined` where it is no subscription to `jobLogs`, or selects
   * what a template does not know: then GraphQL itself is to execute it.
   */
  static compile(
    { schema, document, operationName, variableValues }: Subscribing,
    templates: KeptTemplates,
  ): LogLinesTemplate | undefined {
    const operation = getOperationAST(document, operationName);
    const types = ['Subscription', 'LogLines', 'LogLine'].map((name) => schema.getType(name));
    const [root, event, line] = types.filter(isObjectType);
    if (operation == null || root === undefined || event === undefined || line === undefined)
      return undefined;
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
    if (coerced === undefined) return undefined;
    const selected = new SelectedFields(schema, document, coerced);
    const [entry, ...others] = selected.of(root, [operation.selectionSet]);
    if (entry?.[1][0].name.value !== 'jobLogs' || others.length > 0) return undefined;
    const [rootKey, field] = entry;
    const below = compileEvent(selected, field, event, line);
    return (
      below &&
      templates.ofEvents([{ text: `{"data":{${JSON.stringify(rootKey)}:` }, ...below, { text: '}}' }])
    );
  }

  /** The result of an event; the same bytes that executing the operation gives, and one object for all who get this event. */
  render(event: JobLogPayloadOf<'LogLines'>): RenderedResult {
    const { batches, lastSeq } = event;
    const last = batches.at(-1);
    if (last === undefined) return this.#write(event);
    const events = last.derive(this, () => new RenderedEvents());
    return events.getOrMake(batches, lastSeq, () => this.#write(event));
  }

  #write({ jobId, lastSeq, batches }: JobLogPayloadOf<'LogLines'>): RenderedResult {
    const rendered: Buffer[] = [];
    let text = '';
    for (const piece of this.#pieces) {
      if (piece === 'jobId') text += `"${String(jobId)}"`;
      else if (piece === 'lastSeq') text += String(lastSeq);
      else if (!(piece instanceof LinesTemplate)) text += piece.text;
      else {
        for (const [index, batch] of batches.entries()) {
          rendered.push(Buffer.from(index === 0 ? text : ','), ...piece.render(batch));
        }
        text = '';
      }
    }
    rendered.push(Buffer.from(text));
    return new RenderedResult(rendered);
  }
}

function compileEvent(
  selected: SelectedFields,
  field: SelectedField,
  event: GraphQLObjectType,
  line: GraphQLObjectType,
): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const [key, below] of selected.below(field, event)) {
    pieces.push({ text: `${pieces.length === 0 ? '{' : ','}${JSON.stringify(key)}:` });
    const name = below[0].name.value;
    if (name === '__typename') pieces.push({ text: '"LogLines"' });
    else if (name === 'jobId' || name === 'lastSeq') pieces.push(name);
    else if (name === 'lines') {
      const selection = lineSelection(selected.below(below, line));
      if (selection === undefined) return undefined;
      pieces.push({ text: '[' }, { lines: selection }, { text: ']' });
    } else return undefined;
  }
  return [...pieces, { text: pieces.length === 0 ? '{}' : '}' }];
}

/** `undefined` where the schema has got a field that templates do not know. */
function lineSelection(fields: ReadonlyMap<string, SelectedField>): LineSelection | undefined {
  const selection = [...fields].map(([key, [node]]) => [key, node.name.value] as const);
  const isKnown = (name: string): name is LineField => LINE_FIELDS.some((known) => known === name);
  return selection.every((entry): entry is [string, LineField] => isKnown(entry[1])) ? selection : undefined;
}
