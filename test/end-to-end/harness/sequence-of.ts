/**
 * Looks at the numbers that a reader got.
 * @returns `1..N once` for exactly 1, 2, 3 … N in this order; otherwise what is wrong first
 */
export function sequenceOf(lines: readonly { readonly seq: number }[], firstSeq = 1): string {
  for (const [index, { seq }] of lines.entries()) {
    const expected = firstSeq + index;
    if (seq !== expected) return `at ${String(index)}: ${String(seq)} instead of ${String(expected)}`;
  }
  return `${String(firstSeq)}..${String(firstSeq + lines.length - 1)} once`;
}
