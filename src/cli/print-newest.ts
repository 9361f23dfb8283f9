import type { CommandContext } from './command-context.ts';
import { table, type Cell } from './table.ts';

/** How rows are shown, to people and to programs. */
export interface Shown<Row> {
  readonly headings: readonly string[];
  readonly rowOf: (row: Row) => readonly Cell[];
  /** How many rows were asked for. */
  readonly limit: number;
}

/** Prints rows as a table or as one JSON array, and says where there are more than were asked for. */
export async function printNewest<Row>(
  context: CommandContext,
  { rows, hasMore }: { readonly rows: readonly Row[]; readonly hasMore: boolean },
  { headings, rowOf, limit }: Shown<Row>,
): Promise<void> {
  if (context.wantsJson) await context.printJson(rows);
  else await context.output.write(table(context.output, headings, rows.map(rowOf)));
  if (hasMore) await context.note(`there are more than ${limit}; see them with --limit`);
}
