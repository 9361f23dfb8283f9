import { ALL_FIELDS } from './all-fields.ts';
import type { BenchDocument } from './document.ts';
import { HELD_OUT } from './held-out.ts';
import { TWO_FIELDS } from './two-fields.ts';

/** By the name of the option. */
export const DOCUMENTS: Readonly<Record<string, BenchDocument>> = {
  all: ALL_FIELDS,
  two: TWO_FIELDS,
  'held-out': HELD_OUT,
};
