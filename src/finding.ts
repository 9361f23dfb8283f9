/** One thing that was looked at. */
export interface Finding {
  /** Such as `permissions`: one word, the same each time. */
  readonly check: string;
  /** A NOTE is worth knowing; a PROBLEM wants something done. */
  readonly level: 'OK' | 'NOTE' | 'PROBLEM';
  /** What was seen, one sentence. */
  readonly what: string;
  /** What to do, one sentence; `null` where there is nothing to. */
  readonly todo: string | null;
}

export function fine(check: string, what: string): Finding {
  return { check, level: 'OK', what, todo: null };
}

export function note(check: string, what: string, todo: string | null = null): Finding {
  return { check, level: 'NOTE', what, todo };
}

export function problem(check: string, what: string, todo: string): Finding {
  return { check, level: 'PROBLEM', what, todo };
}
