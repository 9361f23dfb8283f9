export const ERROR_CODES = [
  'JOB_NOT_FOUND',
  'SERVICE_NOT_FOUND',
  'INVALID_INPUT',
  'COMMAND_NOT_FOUND',
  'CONFLICT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LIMIT_EXCEEDED',
  'DISK_LOW',
  'SECRETS_UNAVAILABLE',
  'SERVICE_FAILED',
  'NOT_READY',
  'SERVER_STOPPING',
  'INTERNAL',
] as const;
/** The one list of codes that clients can rely on, in `extensions.code` and in HTTP error bodies. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An error that may be shown to whoever caused it: a stable code, and a sentence that says what to do.
 * Its message never holds a stack or a path of the server. Everything else is shown as `INTERNAL`.
 */
export abstract class LifelineError extends Error {
  abstract readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

export class JobNotFoundError extends LifelineError {
  readonly code = 'JOB_NOT_FOUND';
  readonly jobId: string;

  constructor(jobId: string | number) {
    super(`There is no job ${String(jobId)}.`);
    this.jobId = String(jobId);
  }
}

export class ServiceNotFoundError extends LifelineError {
  readonly code = 'SERVICE_NOT_FOUND';

  constructor(name: string) {
    super(`There is no service ${JSON.stringify(name.slice(0, 100))}.`);
  }
}

/** A service that was started has ended, and is not started again by itself. */
export class ServiceFailedError extends LifelineError {
  readonly code = 'SERVICE_FAILED';
}

/** What was asked for goes on, and was not so within the time that its caller would wait. */
export class NotReadyError extends LifelineError {
  readonly code = 'NOT_READY';
}

export class InvalidInputError extends LifelineError {
  readonly code = 'INVALID_INPUT';
  /** The name of the argument or input field that is wrong, where there is one. */
  readonly field: string | undefined;

  constructor(message: string, field?: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}

export class CommandNotFoundError extends LifelineError {
  readonly code = 'COMMAND_NOT_FOUND';
}

export class ConflictError extends LifelineError {
  readonly code = 'CONFLICT';
}

export class ForbiddenError extends LifelineError {
  readonly code = 'FORBIDDEN';
}

export class LimitExceededError extends LifelineError {
  readonly code = 'LIMIT_EXCEEDED';
}

/** The disk has too little room for what was asked, or none: nothing was done. It goes by itself when there is room again. */
export class DiskLowError extends LifelineError {
  readonly code = 'DISK_LOW';

  /** @param message by default that of a disk that is full */
  constructor(
    message = 'The disk of the data directory is full, so nothing was done. Make room there and try again.',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Secrets cannot be read or kept, since their key is missing, is another one, or could be read by others. What has no secrets goes on. */
export class SecretsUnavailableError extends LifelineError {
  readonly code = 'SECRETS_UNAVAILABLE';
}

/** The server is going down and takes no new work. */
export class ServerStoppingError extends LifelineError {
  readonly code = 'SERVER_STOPPING';

  constructor() {
    super('The server is stopping and takes no new work. Try again when it is back.');
  }
}
