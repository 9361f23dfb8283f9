/**
 * The server said no, with a code of its one list: trying the same again gives the same answer.
 * The message is the server's, a sentence that says what to do.
 */
export class LifelineRequestError extends Error {
  override readonly name = 'LifelineRequestError';
  /** Such as `JOB_NOT_FOUND` or `INVALID_INPUT`; the list grows, so expect codes you do not know. */
  readonly code: string;
  /** Which part of the input is wrong, such as `cwd`, where the server says so. */
  readonly field: string | undefined;

  constructor(code: string, message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** There was no answer, or none that can be used: the network, a proxy, a server that is away. Trying again may help. */
export class LifelineConnectionError extends Error {
  override readonly name = 'LifelineConnectionError';
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.status = options.status;
  }
}

/** Codes that say `not now`: a server on its way down will be back. */
const PASSING_CODES: ReadonlySet<string> = new Set(['SERVER_STOPPING']);

/** Whether waiting and asking again can change the answer. A coded refusal is final, and so is a bug. */
export function isPassing(error: unknown): error is LifelineConnectionError | LifelineRequestError {
  return (
    error instanceof LifelineConnectionError ||
    (error instanceof LifelineRequestError && PASSING_CODES.has(error.code))
  );
}

/**
 * The first coded error in an answer of the server, in either of its forms: `{errors: [{message, extensions: {code}}]}`
 * of GraphQL, `{error: {code, message}}` of the other doors. `undefined` where nothing has a code.
 */
export function codedErrorIn(answer: unknown): LifelineRequestError | undefined {
  if (!isRecord(answer)) return undefined;
  const graphqlErrors: readonly unknown[] = Array.isArray(answer['errors']) ? answer['errors'] : [];
  for (const error of [...graphqlErrors, answer['error']]) {
    if (!isRecord(error)) continue;
    const { code, field } = isRecord(error['extensions']) ? error['extensions'] : error;
    if (typeof code !== 'string') continue;
    const message = typeof error['message'] === 'string' ? error['message'] : code;
    return new LifelineRequestError(code, message, typeof field === 'string' ? field : undefined);
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
