import { CliError } from './cli-error.ts';

/** What this needs of `process.stdout`: a stream, and what it says of itself where it is a terminal. */
export interface OutputTarget extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Whoever read the output has left, as `head` does when it has enough. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
}

/**
 * Standard output or standard error, with back-pressure: a write resolves when the operating system has taken it, so that
 * a slow reader holds the log back instead of filling memory.
 */
export class OutputStream {
  readonly isTerminal: boolean;
  /** On a terminal that has them, unless NO_COLOR says no (no-color.org); elsewhere where FORCE_COLOR says yes. */
  readonly hasColours: boolean;
  readonly #target: OutputTarget;

  constructor(target: OutputTarget, environment: NodeJS.ProcessEnv) {
    this.#target = target;
    this.isTerminal = target.isTTY === true;
    this.hasColours = wantsColours(this.isTerminal, environment);
    // Failures are told to whoever writes; without a listener they would end the process.
    target.on('error', () => undefined);
  }

  /** Characters a line, where it is a terminal. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#target.columns : undefined;
  }

  /** @throws OutputClosedError if nobody reads it any more, CliError if it cannot be written to, such as a full disk */
  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#target.write(text, 'utf8', (error) => {
        if (error == null) resolve();
        else reject(failureOf(error));
      });
    });
  }
}

function failureOf(error: NodeJS.ErrnoException): Error {
  const { code = 'unknown error' } = error;
  if (code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED') {
    return new OutputClosedError('Nobody reads the output any more.', { cause: error });
  }
  return new CliError(`The output cannot be written (${code}).`, { cause: error });
}

function wantsColours(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: term } = environment;
  if (no !== '') return false;
  if (force !== '') return force !== '0';
  return isTerminal && term !== 'dumb';
}
