import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type { Endpoint } from './endpoint.ts';
import { codedErrorIn, LifelineConnectionError } from './errors.ts';

/** A query or mutation with the types of its result and variables, as codegen makes it with `documentMode: 'string'`. */
export interface TypedDocument<TResult, TVariables> extends DocumentTypeDecoration<TResult, TVariables> {
  toString(): string;
}

export interface ExecuteOptions {
  /** Gives up waiting; a mutation may still have happened. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one query or mutation, once: nothing is tried again.
 * @throws LifelineRequestError for a coded answer, LifelineConnectionError for none that can be used, the signal's reason
 */
export async function execute<TResult, TVariables>(
  endpoint: Endpoint,
  document: TypedDocument<TResult, TVariables>,
  variables: TVariables,
  { signal }: ExecuteOptions = {},
): Promise<TResult> {
  let status: number | undefined;
  let answer: unknown;
  try {
    const response = await endpoint.fetch(endpoint.graphqlUrl, {
      method: 'POST',
      headers: {
        ...endpoint.headers,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: signal ?? null,
    });
    status = response.status;
    answer = await response.json();
  } catch (cause) {
    signal?.throwIfAborted();
    const what = status === undefined ? 'There was no answer' : `The answer (HTTP ${status}) is not GraphQL`;
    throw new LifelineConnectionError(`${what}.`, status === undefined ? { cause } : { status, cause });
  }
  const refusal = codedErrorIn(answer);
  if (refusal !== undefined) throw refusal;
  const data = (answer as { data?: TResult | null } | null)?.data;
  if (data === undefined || data === null) {
    throw new LifelineConnectionError(`The answer (HTTP ${status}) has neither data nor a code.`, { status });
  }
  return data;
}
