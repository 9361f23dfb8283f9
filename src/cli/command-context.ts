import { connect, type Connection, type ConnectOptions } from './connection.ts';
import { harmlessText } from './harmless-text.ts';
import { jsonText } from './json-text.ts';
import type { OutputStream } from './output-stream.ts';

/** Options that every command has which speaks to a server. */
export interface CommonOptions {
  readonly url?: string;
  readonly caFile?: string;
  readonly json?: boolean;
  /** Milliseconds. Default 30 s. */
  readonly requestTimeout?: number;
}

/** As long as a reader of a stream waits for a sign of life. */
const REQUEST_TIMEOUT_MS = 30_000;

/** What a command works with. */
export class CommandContext {
  readonly output: OutputStream;
  readonly errors: OutputStream;
  readonly environment: NodeJS.ProcessEnv;
  /** Absolute path of the directory in which the command was given. */
  readonly directory: string;
  readonly wantsJson: boolean;
  readonly #options: ConnectOptions;

  constructor(
    outputs: { readonly output: OutputStream; readonly errors: OutputStream },
    environment: NodeJS.ProcessEnv,
    directory: string,
    { url, caFile, json = false, requestTimeout = REQUEST_TIMEOUT_MS }: CommonOptions,
  ) {
    this.output = outputs.output;
    this.errors = outputs.errors;
    this.environment = environment;
    this.directory = directory;
    this.wantsJson = json;
    this.#options = { url, caFile, requestTimeoutMs: requestTimeout };
  }

  /** @throws CliError as `connect` */
  connect(): Connection {
    return connect(this.#options, this.environment, this.directory);
  }

  /** @throws OutputClosedError, CliError as OutputStream.write */
  async printJson(value: unknown): Promise<void> {
    // For a reader with eyes, indented; for a program, one line a document.
    await this.output.write(`${jsonText(value, this.output.isTerminal ? 2 : undefined)}\n`);
  }

  /** Says something beside the output, on standard error. Never rejects: what is said beside is not worth failing for. */
  async note(sentence: string): Promise<void> {
    await this.errors
      .write(`lifeline: ${harmlessText(sentence, { colours: false })}\n`)
      .catch(() => undefined);
  }
}
