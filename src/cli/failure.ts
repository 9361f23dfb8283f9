import { LifelineConnectionError, LifelineRequestError } from '../client/errors.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** Codes by which Node and OpenSSL refuse a certificate, and our own. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;

/** What the user is told of a failure. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** The one place that turns errors into words and exit codes; `undefined` for a fault of our own, which keeps its stack. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CliError) return failure('FAILED', error.message);
  if (error instanceof LifelineRequestError) {
    if (error.code === 'COMMAND_NOT_FOUND') {
      return { code: error.code, message: error.message, exitCode: EXIT.COMMAND_NOT_FOUND };
    }
    const hint = error.code === 'UNAUTHENTICATED' ? ' Put it into LIFELINE_TOKEN.' : '';
    return failure(error.code, `${error.message}${hint}`);
  }
  if (error instanceof LifelineConnectionError) {
    const cause = networkCodeOf(error);
    if (cause === undefined) return failure('UNREACHABLE', error.message);
    return failure(
      'UNREACHABLE',
      UNTRUSTED.test(cause)
        ? `The certificate of the server is not trusted (${cause}). Name that of its authority with --ca-file or LIFELINE_CA_FILE.`
        : `The server does not answer (${cause}). Does it run?`,
    );
  }
  return undefined;
}

/** The operating system's code for why a request got no answer, such as `ECONNREFUSED`. */
export function networkCodeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

function failure(code: string, message: string): Failure {
  return { code, message, exitCode: EXIT.LIFELINE_FAILED };
}
