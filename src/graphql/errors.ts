import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { InvalidInputError, LifelineError } from '../domain/errors.ts';
import { asToldOfDisk } from '../storage/disk-full.ts';

/** Where faults of the server are written; a pino logger is one. */
export interface FaultLog {
  error(facts: { readonly correlationId: string; readonly err: unknown }, message: string): void;
}

/** Where a whole request was refused, GraphQL over HTTP wants 400 for its own media type, and 200 for the others. */
const REFUSED_REQUEST = { http: { status: 400, spec: true } };

/**
 * The one place that turns errors into what a GraphQL client sees: a `LifelineError` keeps its sentence and code, what is
 * wrong in the request itself is `INVALID_INPUT`, GraphQL's own coded errors stay. Everything else is a fault of the
 * server: masked, with a correlation id that stands in the log beside the cause. Never a stack, whatever NODE_ENV says.
 */
export function createErrorMasker(log: FaultLog): (error: unknown) => GraphQLError {
  return (error) => {
    const root = asToldOfDisk(rootOf(error));
    if (root instanceof LifelineError) {
      const extensions = {
        code: root.code,
        ...(root instanceof InvalidInputError && root.field !== undefined && { field: root.field }),
        ...(root.code === 'INTERNAL' && { correlationId: report(log, root) }),
      };
      return coded(error, extensions, root.message);
    }
    if (error instanceof GraphQLError && root instanceof GraphQLError) {
      if (root.extensions['code'] !== undefined) return error;
      if (isMistakeInRequest(error, root)) {
        return coded(error, { code: 'INVALID_INPUT', ...(error.path === undefined && REFUSED_REQUEST) });
      }
    }
    return coded(
      error,
      { code: 'INTERNAL', correlationId: report(log, root) },
      'Something went wrong in the server.',
    );
  };
}

/** Whether GraphQL refused arguments or variables, rather than failed to write down what a resolver gave. */
function isMistakeInRequest(error: GraphQLError, root: GraphQLError): boolean {
  return (
    error.path === undefined || root instanceof PothosValidationError || root.message.startsWith('Argument "')
  );
}

function rootOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined
    ? rootOf(error.originalError)
    : error;
}

function report(log: FaultLog, err: unknown): string {
  const correlationId = randomUUID();
  log.error({ correlationId, err }, 'a GraphQL request failed');
  return correlationId;
}

function coded(
  error: unknown,
  extensions: Record<string, unknown>,
  message = messageOf(error),
): GraphQLError {
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
