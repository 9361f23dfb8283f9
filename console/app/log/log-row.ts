import type { LogPageFieldsFragment } from '../generated/graphql.ts';

export type LogLine = LogPageFieldsFragment['nodes'][number];
export type LogGap = LogPageFieldsFragment['gaps'][number];

/** What is shown in one row: a line, or that lines are gone. */
export type LogRow =
  | { readonly kind: 'line'; readonly key: string; readonly seq: number; readonly line: LogLine }
  | { readonly kind: 'gap'; readonly key: string; readonly seq: number; readonly gap: LogGap };

export function lineRow(line: LogLine): LogRow {
  return { kind: 'line', key: String(line.seq), seq: line.seq, line };
}

export function gapRow(gap: LogGap): LogRow {
  return { kind: 'gap', key: `gap-${String(gap.toSeq)}`, seq: gap.fromSeq, gap };
}

/** Lines and gaps of a page, by ascending seq. */
export function rowsOf({ nodes, gaps }: Pick<LogPageFieldsFragment, 'nodes' | 'gaps'>): LogRow[] {
  const rows = [...gaps.map(gapRow), ...nodes.map(lineRow)];
  return gaps.length === 0 ? rows : rows.sort((one, other) => one.seq - other.seq);
}

/** The last seq that a row stands for. */
export function endOf(row: LogRow): number {
  return row.kind === 'gap' ? row.gap.toSeq : row.seq;
}
