import { z } from 'zod';
import { Refusal } from './refusal.ts';

// GraphQL over HTTP, 5.4; no batches.
const graphqlRequest = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});

/** One GraphQL request as it was sent: members that GraphQL does not know are still there, for Yoga to refuse. */
export type GraphQLRequest = z.infer<typeof graphqlRequest>;

/** Reads a body as one GraphQL request. @throws Refusal 400 where it is something else */
export function parseGraphQLRequest(text: string): GraphQLRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'INVALID_INPUT', 'The body is not JSON.');
  }
  const { success, error } = graphqlRequest.safeParse(body);
  if (!success) {
    const issue = error.issues[0];
    const where = issue?.path.length ? ` (${issue.path.join('.')}: ${issue.message})` : '';
    throw new Refusal(
      400,
      'INVALID_INPUT',
      `The body must be one GraphQL request: an object with query and variables${where}.`,
    );
  }
  return body as GraphQLRequest;
}
