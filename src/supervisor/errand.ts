import { spawn, type ChildProcess } from 'node:child_process';
import type { PlainEnvEntry } from '../domain/env-entry.ts';
import type { LogMask } from '../logs/log-mask.ts';
import type { JobUser } from './job-user.ts';
import { quote, surroundings } from './launch-script.ts';
import { OutputTail } from './output-tail.ts';
import { signalGroup } from './process-tree.ts';
import { requireSpareDescriptors } from './spare-descriptors.ts';

/** The most that an errand may write. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** How long the rest of its output is waited for once it has ended: something that has left its group may hold the pipes. */
const OUTPUT_LIMIT_MS = 100;
const SHELL = '/bin/sh';

/** In what an errand runs. */
export interface ErrandPlace {
  /** Absolute path. */
  readonly cwd: string;
  /** Everything that the program gets. With the job's cookie, what leaves its group is swept with the job. */
  readonly environment: readonly PlainEnvEntry[];
  /** Whom it runs as; `null` for the server's own user. */
  readonly user: JobUser | null;
  /** Of the job's secrets, for what it says; `null` where it has none. */
  readonly mask: LogMask | null;
}

/** How an errand ended. */
export interface ErrandEnd {
  /** `null` where it has none: it was killed, or could not be started. */
  readonly exitCode: number | null;
  /** What happened, in one sentence without the name of the program. */
  readonly message: string;
}

/**
 * A short program that is run for a job, beside it: a probe, a stop command. It is no part of the job's log.
 *
 * States: running → ended. It leads a session and group of its own; when it ends, or is disposed of, what is left in that
 * is killed. Its output is read and forgotten but for the last line; standard input is empty.
 * Known gap: what leaves the group lives on until the job is swept; so does an errand whose server was killed.
 */
export class Errand implements Disposable {
  /** Resolves at the end or at disposal, whichever is first; never rejects. */
  readonly ended: Promise<ErrandEnd>;
  readonly #tail: OutputTail;
  #child: ChildProcess | undefined;
  #rest: NodeJS.Timeout | undefined;
  #settle: (end: ErrandEnd) => void = () => undefined;
  #isOver = false;

  /** Starts it. @param command program and arguments; the program is looked for in the environment's PATH */
  constructor(command: readonly string[], place: ErrandPlace) {
    this.#tail = new OutputTail(place.mask);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    try {
      requireSpareDescriptors();
      this.#follow(place.user === null ? spawnHere(command, place) : spawnAs(place.user, command, place));
    } catch (error) {
      this.#end({ exitCode: null, message: notStarted(error) });
    }
  }

  /** Also of its session and group; `undefined` where it could not be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Kills it with its group, at once; harmless after its end. */
  [Symbol.dispose](): void {
    this.#killed('It was killed.');
  }

  #follow(child: ChildProcess): void {
    this.#child = child;
    child.on('error', (error) => {
      if (child.pid === undefined) this.#end({ exitCode: null, message: notStarted(error) });
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#tail.add(chunk);
        if (this.#tail.bytes > MAX_OUTPUT_BYTES)
          this.#killed(`It wrote more than ${String(MAX_OUTPUT_BYTES)} bytes, and was killed.`);
      });
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      if (this.#isOver) return;
      const finish = (): void => {
        this.#end({ exitCode: code, message: this.#message(code, signal) });
      };
      child.once('close', finish);
      this.#rest = setTimeout(finish, OUTPUT_LIMIT_MS);
    });
  }

  #killed(message: string): void {
    const pid = this.#child?.pid;
    if (this.#isOver) return;
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    this.#end({ exitCode: null, message });
  }

  #message(code: number | null, signal: NodeJS.Signals | null): string {
    const { lastLine } = this.#tail;
    const how =
      code === null ? `It was ended by ${String(signal)}` : `It ended with exit code ${String(code)}`;
    return lastLine === '' ? `${how}.` : `${how}: ${lastLine}`;
  }

  #end(end: ErrandEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#rest);
    for (const stream of this.#child?.stdio ?? []) stream?.destroy();
    this.#settle(end);
  }
}

function spawnHere([program = '', ...args]: readonly string[], place: ErrandPlace): ChildProcess {
  return spawn(program, args, {
    cwd: place.cwd,
    env: Object.fromEntries(place.environment.map(({ name, value }) => [name, value])),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Nothing of a request is in effect before the user has changed: a variable could make a program do anything. */
function spawnAs({ become }: JobUser, command: readonly string[], place: ErrandPlace): ChildProcess {
  const [program, ...args] = become;
  const child = spawn(program, [...args, SHELL], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined); // It has ended before it had read all; its exit code says why.
  child.stdin.end(
    `${surroundings(place.cwd, place.environment)}exec ${command.map(quote).join(' ')} </dev/null\n`,
  );
  return child;
}

function notStarted(error: unknown): string {
  return `It could not be started (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`;
}
