/** Lines that a URL points at: from one to another, both included. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Reads `#L120` and `#L120-130`. */
export function rangeIn(hash: string): LineRange | undefined {
  const found = /^#?L(\d{1,15})(?:-L?(\d{1,15}))?$/.exec(hash);
  if (found === null) return undefined;
  const one = Number(found[1]);
  const other = Number(found[2] ?? found[1]);
  return { from: Math.max(1, Math.min(one, other)), to: Math.max(1, one, other) };
}

export function rangeText({ from, to }: LineRange): string {
  return from === to ? `L${String(from)}` : `L${String(from)}-${String(to)}`;
}
