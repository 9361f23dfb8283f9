import type { Fetcher } from '@graphiql/toolkit';

const NEWEST_JOB = '{ jobs(first: 1) { edges { node { id } } } }';

/**
 * The id that the next job of this server will get, if nobody else starts one before. It only makes the examples fit:
 * where it cannot be known it is 1.
 */
export async function findNextJobId(fetcher: Fetcher): Promise<number> {
  try {
    const result = (await fetcher({ query: NEWEST_JOB })) as {
      data?: { jobs?: { edges: readonly { node: { id: string } }[] } } | null;
    };
    return Number(result.data?.jobs?.edges[0]?.node.id ?? 0) + 1;
  } catch {
    return 1;
  }
}
