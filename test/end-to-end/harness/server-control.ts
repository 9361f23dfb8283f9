import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '../../../src/domain/checkpoint.ts';
import type { LifelineServer, ServerOptions } from './lifeline-server.ts';
import { signal } from './processes.ts';
import { ScratchDirectory } from './scratch-directory.ts';
import { untilTrue } from './until-true.ts';

const ENTRY_POINT = fileURLToPath(new URL('../../chaos/server.mjs', import.meta.url));

/** What the server has made and not released, and how often it has passed each checkpoint in this life. */
export interface ServerReport {
  readonly pid: number;
  readonly passages: Readonly<Partial<Record<Checkpoint, number>>>;
  /** Timers, watches, children and their pipes, by their names in Node's async_hooks; libraries' own are left out. */
  readonly resources: Readonly<Record<string, number>>;
  /** Memory of the heap and beside it, after a garbage collection. */
  readonly heldBytes: number;
}

/**
 * Guard of the other end of test/chaos/server.mjs: what kills the server at a checkpoint, puts its clock wrong, and asks
 * what it holds. Everything else about that server is the product.
 */
export class ServerControl implements Disposable {
  readonly #directory = new ScratchDirectory();

  /** The options that start a server under this control. */
  get options(): ServerOptions {
    return { main: ENTRY_POINT, env: { CHAOS_CONTROL: this.#directory.path } };
  }

  /** The server dies by SIGKILL at the n-th passage, counted from when it takes this in: at its next start or `report`. */
  killAt(checkpoint: Checkpoint, passage = 1): void {
    writeFileSync(this.#directory.file('kill'), `${checkpoint} ${passage}`);
  }

  /** Takes back a `killAt` that has not come true, from the next start or `report` on. @returns whether there was one */
  spare(): boolean {
    const waiting = existsSync(this.#directory.file('kill'));
    rmSync(this.#directory.file('kill'), { force: true });
    return waiting;
  }

  /** What the server's wall clock is wrong by from its next start or `report` on. */
  setClockErrorMs(milliseconds: number): void {
    writeFileSync(this.#directory.file('clock'), String(milliseconds));
  }

  /** The checkpoints at which it has died, in order. */
  get kills(): Checkpoint[] {
    const path = this.#directory.file('kills');
    return existsSync(path) ? (readFileSync(path, 'utf8').trimEnd().split('\n') as Checkpoint[]) : [];
  }

  /** Makes the running server take in what was set here, and asks it. */
  async report(server: LifelineServer): Promise<ServerReport> {
    const path = this.#directory.file('report');
    rmSync(path, { force: true });
    signal(server.pid, 'SIGUSR2');
    return untilTrue(
      () => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ServerReport) : false),
      { what: 'the report of the server' },
    );
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}
