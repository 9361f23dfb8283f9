import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { MAIN_PATH } from './lifeline-server.ts';
import type { ScratchDirectory } from './scratch-directory.ts';
import { untilTrue } from './until-true.ts';

/**
 * A real server, wherever it listens: for its start and its end, and for commands that look for it. Its home, and its data
 * directory unless the arguments say otherwise, are in the scratch directory, which stays its owner's. Disposal kills it.
 */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  private constructor(scratch: ScratchDirectory, args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN_PATH, 'serve', '--data-dir', 'data', ...args], {
      cwd: scratch.path,
      env: { HOME: scratch.path, PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString('utf8')));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString('utf8')));
  }

  /** Resolves when it says that it is ready. */
  static async start(scratch: ScratchDirectory, args: readonly string[]): Promise<ServerProcess> {
    const server = new ServerProcess(scratch, args);
    await untilTrue(() => server.urls.length > 0 || server.#child.exitCode !== null, {
      what: 'the ready line',
    });
    if (server.urls.length === 0) throw new Error(`it ended before it was ready: ${server.#stderr}`);
    return server;
  }

  /** Where it says that it is ready. */
  get urls(): string[] {
    return [...this.#stdout.matchAll(/^Lifeline is ready at (\S+)$/gm)].map(([, url]) => url!);
  }

  /** The warnings of its log. */
  get warnings(): Record<string, unknown>[] {
    return this.#stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ level }) => level === 40);
  }

  /** Ends it and waits for that. @returns its exit code, or the signal that ended it */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown> {
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code, by] = (await ended) as [number | null, string | null];
    return code ?? by;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL');
  }
}
