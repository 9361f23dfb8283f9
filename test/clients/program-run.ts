import { spawn, type ChildProcess } from 'node:child_process';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

interface Place {
  readonly directory: string;
  readonly url: string;
  readonly token: string;
}

/** Guard of a client program that is told its server as docs/clients.md says. Disposal ends it, and what it started. */
export class ProgramRun implements Disposable {
  /** What it has printed so far. */
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  #exitCode: number | undefined;

  constructor([program, ...args]: readonly [string, ...string[]], { directory, url, token }: Place) {
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, LIFELINE_URL: url, LIFELINE_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.once('error', (error) => {
      this.stderr += error.message;
      this.#exitCode = -1;
    });
    child.once('close', (code) => (this.#exitCode = code ?? -1));
    this.#child = child;
  }

  /** The lines that it has printed whole so far. */
  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** Its exit code, when everything that it printed is there. @throws Error with what it complained about */
  async untilEnded(): Promise<number> {
    const code = await untilTrue(() => this.#exitCode, {
      what: 'the end of the program',
      limitMs: 100_000,
    }).catch((cause: unknown) => {
      throw new Error(`It printed ${this.lines.length} lines, and said: ${this.stderr}`, { cause });
    });
    return code;
  }

  [Symbol.dispose](): void {
    if (this.#exitCode === undefined && this.#child.pid !== undefined)
      process.kill(-this.#child.pid, 'SIGKILL');
  }
}
