import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { MAIN_PATH, type LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

export interface CommandOptions {
  /** Default: the scratch directory of the server. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads; default: nothing. */
  readonly stdin?: string;
  /** Runs it on a terminal of its own (by script(1), of util-linux); both streams are then on `stdout`. */
  readonly terminal?: boolean;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command, in a process of its own that is killed on disposal. */
export class LifelineCommand implements Disposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], { cwd, env = {}, stdin, terminal = false }: CommandOptions) {
    const words = [process.execPath, MAIN_PATH, ...args];
    const [program, ...rest] = terminal
      ? ['script', '-qefc', words.map(quoted).join(' '), '/dev/null']
      : words;
    this.#child = spawn(program!, rest, {
      cwd,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', TERM: 'xterm', ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close');
    this.#child.stdin?.end(stdin);
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until it has printed a text on standard output. */
  async untilPrinted(text: string): Promise<void> {
    await untilTrue(() => this.#stdout.includes(text) || this.#child.exitCode !== null, {
      what: `${JSON.stringify(text)} on standard output`,
    });
    if (!this.#stdout.includes(text))
      throw new Error(`it ended without ${text}: ${this.#stdout}${this.#stderr}`);
  }

  /** Waits until it has said a text on standard error. */
  async untilSaid(text: string): Promise<void> {
    await untilTrue(() => this.#stderr.includes(text), { what: `${JSON.stringify(text)} on standard error` });
  }

  /** To this process alone, as Ctrl-C on a terminal of which the job is no part. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Closes our end of its standard output, as a reader does that has enough. */
  stopReading(): void {
    this.#child.stdout!.destroy();
  }

  async end(): Promise<CommandResult> {
    await this.#ended;
    return { code: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr };
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** Starts the command in the server’s scratch directory, where it finds the server by its pointer. */
export function startCommand(
  server: LifelineServer,
  args: readonly string[],
  options: CommandOptions = {},
): LifelineCommand {
  const { path } = server.scratch;
  return new LifelineCommand(args, { cwd: path, ...options, env: { HOME: path, ...options.env } });
}

/** Runs the command to its end. */
export async function lifeline(
  server: LifelineServer,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  using command = startCommand(server, args, options);
  return await command.end();
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
