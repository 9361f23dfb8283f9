import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../dist/main.js');
const READY = /^Lifeline is ready at (http:\/\/\S+)/;

export interface ServerProcessOptions {
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A real `lifeline serve`, as a user would start it: running → (killed → running)… → stopped.
 * Whoever starts it disposes it; that stops it and cancels the jobs that still run.
 */
export class ServerProcess implements AsyncDisposable {
  readonly #dataDirectory: string;
  readonly #options: ServerProcessOptions;
  #process: ChildProcess | undefined;
  #url = '';

  private constructor(dataDirectory: string, options: ServerProcessOptions) {
    this.#dataDirectory = dataDirectory;
    this.#options = options;
  }

  /**
   * Resolves when the server says that it is ready, on a free port.
   * @throws Error with what it wrote, if it ends before
   */
  static async start(dataDirectory: string, options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(dataDirectory, options);
    await server.#launch(0);
    return server;
  }

  get url(): string {
    return this.#url;
  }

  get token(): string {
    return readFileSync(join(this.#dataDirectory, 'token'), 'utf8').trim();
  }

  /** SIGKILL: no goodbye, no clean-up. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Starts it on the same port and data directory. @throws as start */
  async startAgain(): Promise<void> {
    await this.#launch(Number(new URL(this.#url).port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #launch(port: number): Promise<void> {
    const options = ['--port', String(port), '--data-dir', this.#dataDirectory, '--on-exit', 'cancel'];
    const { args = [], nodeArgs = [], env = {} } = this.#options;
    const launched = spawn(process.execPath, [...nodeArgs, MAIN, 'serve', ...options, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...withoutOptions(process.env), ...env },
    });
    this.#process = launched;
    let complaints = '';
    launched.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    for await (const line of createInterface({ input: launched.stdout })) {
      const url = READY.exec(line)?.[1];
      if (url === undefined) continue;
      this.#url = url;
      return;
    }
    throw new Error(`The server did not start. It said: ${complaints}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill(signal);
    await exited;
  }
}

/** Options that the user has set for another server are not for this one. */
function withoutOptions(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('LIFELINE_')));
}
