const MOST_ROWS_A_PAGE = 500;

/** A page of a connection, as the server gives it. */
export interface RowPage<Row> {
  readonly edges: readonly { readonly node: Row }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Goes through the pages of a connection until `limit` rows are there, or no more. */
export async function newestRows<Row>(
  readPage: (first: number, after: string | null) => Promise<RowPage<Row>>,
  limit: number,
): Promise<{ rows: readonly Row[]; hasMore: boolean }> {
  const rows: Row[] = [];
  let after: string | null = null;
  for (;;) {
    const { edges, pageInfo } = await readPage(Math.min(MOST_ROWS_A_PAGE, limit - rows.length), after);
    rows.push(...edges.map(({ node }) => node));
    const { hasNextPage, endCursor } = pageInfo;
    if (!hasNextPage || endCursor === null || rows.length >= limit) return { rows, hasMore: hasNextPage };
    after = endCursor;
  }
}
