import { spawn } from 'node:child_process';
import { closeSync, constants, rmSync, writeFileSync } from 'node:fs';
import type { Hole, HolePuncher } from '../logs/hole-puncher.ts';
import { openRegularFile } from '../logs/log-file.ts';
import { requireSpareDescriptors } from './spare-descriptors.ts';

const SHELL = '/bin/sh';
/** Longer than any file system needs; a disk that does not answer must not hold everything up. */
const TIME_LIMIT_MS = 30_000;
const MOST_MESSAGE_CHARACTERS = 500;
/** The first of the files that the shell inherits. */
const FIRST_DESCRIPTOR = 3;
/** `$1` is fallocate; then descriptor, offset and length of each hole. One process of ours, however many holes. */
const SCRIPT =
  'p=$1; shift; while [ $# -gt 0 ]; do "$p" --punch-hole --offset "$2" --length "$3" /proc/self/fd/"$1" || exit; shift 3; done';

/** It was run and could not do it. */
class FallocateError extends Error {}

/**
 * Makes holes by fallocate(1) of util-linux: Node has no fallocate(2). One run at a time for the whole server; each in a
 * process of its own, so that no disk blocks the event loop.
 *
 * The files are opened here, and never through a link that somebody put in their place.
 */
export class Fallocate implements HolePuncher {
  readonly #program: string | null;
  readonly #probePath: string;
  #problem: Promise<string | null> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param program absolute path; `null` where it is not installed
   * @param probePath where a file can be made to try it
   */
  constructor(program: string | null, probePath: string) {
    this.#program = program;
    this.#probePath = probePath;
  }

  async problem(): Promise<string | null> {
    this.#problem ??= this.#try();
    try {
      return await this.#problem;
    } catch (error) {
      this.#problem = undefined;
      throw error;
    }
  }

  async punch(holes: readonly Hole[]): Promise<void> {
    const turn = this.#last.then(async () => this.#run(holes));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #try(): Promise<string | null> {
    if (this.#program === null)
      return 'The beginning of a log cannot be given back: the program fallocate (util-linux) is not installed.';
    try {
      writeFileSync(this.#probePath, Buffer.alloc(8_192, 1), { mode: 0o600 });
      await this.punch([{ path: this.#probePath, offset: 0, length: 4_096 }]);
      return null;
    } catch (error) {
      if (!(error instanceof FallocateError)) throw error;
      return `The beginning of a log cannot be given back: the file system of the data directory makes no holes (${error.message}).`;
    } finally {
      rmSync(this.#probePath, { force: true });
    }
  }

  async #run(holes: readonly Hole[]): Promise<void> {
    const descriptors: number[] = [];
    try {
      requireSpareDescriptors();
      const words = holes.flatMap(({ path, offset, length }, index) => {
        descriptors.push(openRegularFile(path, constants.O_RDWR | constants.O_NONBLOCK));
        return [index + FIRST_DESCRIPTOR, offset, length].map(String);
      });
      await ended(
        spawn(SHELL, ['-c', SCRIPT, 'sh', this.#program ?? '', ...words], {
          cwd: '/',
          env: { LC_ALL: 'C' },
          stdio: ['ignore', 'ignore', 'pipe', ...descriptors],
          timeout: TIME_LIMIT_MS,
          killSignal: 'SIGKILL',
        }),
      );
    } finally {
      for (const descriptor of descriptors) closeSync(descriptor);
    }
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    let message = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      message = (message + chunk.toString()).slice(0, MOST_MESSAGE_CHARACTERS);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else if (code === null) reject(new Error('fallocate did not end in time'));
      else reject(new FallocateError(message.trim()));
    });
  });
}
