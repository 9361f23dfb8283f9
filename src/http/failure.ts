import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { LifelineError, type ErrorCode } from '../domain/errors.ts';
import type { FaultLog } from '../graphql/errors.ts';
import { type ErrorForm, Refusal, sendRefusal } from './refusal.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  JOB_NOT_FOUND: 404,
  SERVICE_NOT_FOUND: 404,
  INVALID_INPUT: 400,
  COMMAND_NOT_FOUND: 400,
  CONFLICT: 409,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  LIMIT_EXCEEDED: 429,
  DISK_LOW: 507,
  SECRETS_UNAVAILABLE: 503,
  SERVICE_FAILED: 409,
  NOT_READY: 504,
  SERVER_STOPPING: 503,
  INTERNAL: 500,
};

/**
 * The one place that turns errors into HTTP answers. What is neither a refusal nor a `LifelineError` is a fault of the
 * server: masked, with a correlation id that stands in the log beside the cause.
 */
export function sendFailure(res: ServerResponse, form: ErrorForm, error: unknown, log: FaultLog): void {
  if (error instanceof Refusal) {
    sendRefusal(res, form, error);
  } else if (error instanceof LifelineError && error.code !== 'INTERNAL') {
    sendRefusal(res, form, {
      status: STATUS[error.code],
      code: error.code,
      message: error.message,
      headers: {},
    });
  } else {
    const { message, correlationId } = reportFault(error, log);
    sendRefusal(res, form, { status: 500, code: 'INTERNAL', message, headers: {} }, { correlationId });
  }
}

/** Logs a fault of the server and gives what may be shown of it. */
export function reportFault(err: unknown, log: FaultLog): { message: string; correlationId: string } {
  const correlationId = randomUUID();
  log.error({ correlationId, err }, 'a request failed');
  const message = err instanceof LifelineError ? err.message : 'Something went wrong in the server.';
  return { message, correlationId };
}
