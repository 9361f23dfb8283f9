import type { LogBatch } from '../../logs/log-batch.ts';
import { escapedTexts } from '../../logs/escaped-texts.ts';
import { LongText } from '../../logs/long-text.ts';

/** What of a line a template can show. */
export const LINE_FIELDS = [
  '__typename',
  'seq',
  'stream',
  'text',
  'at',
  'atApproximate',
  'continued',
] as const;
export type LineField = (typeof LINE_FIELDS)[number];

/** Each response key with the field behind it, in their order. */
export type LineSelection = readonly (readonly [key: string, field: LineField])[];

/** What is not the same for all lines of a batch. */
type Slot = 'seq' | 'text' | 'continued';

/**
 * Writes the lines of batches as one selection of GraphQL answers them, without making an object for any: the bytes are
 * those that executing the selection gives. They depend on the batch alone, and are made once for all readers who select
 * the same.
 */
export class LinesTemplate {
  readonly #selection: LineSelection;

  constructor(selection: LineSelection) {
    this.#selection = selection;
  }

  /** The lines of a batch as the inside of a JSON array, objects with commas between, in pieces: not to be changed. */
  render(batch: LogBatch): readonly Buffer[] {
    return batch.derive(this, () => this.#write(batch));
  }

  #write(batch: LogBatch): readonly Buffer[] {
    const { first, slots } = this.#layout(batch);
    const { firstSeq, lineCount, ending } = batch;
    const texts = slots.some(([slot]) => slot === 'text') ? escapedTexts(batch) : [];
    const written = new LongText();
    for (let index = 0; index < lineCount; index++) {
      let line = index === 0 ? first : `,${first}`;
      for (const [slot, then] of slots) {
        if (slot === 'seq') line += String(firstSeq + index);
        else if (slot === 'text') line += texts[index] ?? '';
        else line += String(index === lineCount - 1 && ending === 'CONTINUED');
        line += then;
      }
      written.add(line);
    }
    return written.pieces();
  }

  /** The constant text before the first slot, and each slot with the constant text behind it. */
  #layout({ stream, atMs, atApproximate }: LogBatch): {
    first: string;
    slots: readonly (readonly [Slot, string])[];
  } {
    const constants: Partial<Record<LineField, string>> = {
      __typename: '"LogLine"',
      stream: `"${stream}"`,
      at: `"${new Date(atMs).toISOString()}"`,
      atApproximate: String(atApproximate),
    };
    const slots: [Slot, string][] = [];
    let constant = '{';
    let first: string | undefined;
    const close = (): void => {
      const slot = slots.at(-1);
      if (slot === undefined) first = constant;
      else slot[1] = constant;
      constant = '';
    };
    for (const [index, [key, field]] of this.#selection.entries()) {
      constant += `${index === 0 ? '' : ','}${JSON.stringify(key)}:`;
      if (field === 'seq' || field === 'text' || field === 'continued') {
        const quote = field === 'text' ? '"' : '';
        constant += quote;
        close();
        slots.push([field, '']);
        constant = quote;
      } else {
        constant += constants[field] ?? '';
      }
    }
    constant += '}';
    close();
    return { first: first ?? '', slots };
  }
}
