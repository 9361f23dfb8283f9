import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchServer } from './bench-server.ts';
import type { BenchContext } from './context.ts';

const LOOK_MS = 5;

/** How long the event loop of a server was held. */
export interface LoopHold {
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** A server that can be asked how long its event loop was held. Whoever starts it disposes it. */
export class ProbedServer implements AsyncDisposable {
  readonly server: BenchServer;
  readonly #path: string;
  readonly #signal: AbortSignal;

  private constructor(server: BenchServer, path: string, signal: AbortSignal) {
    this.server = server;
    this.#path = path;
    this.#signal = signal;
  }

  static async start(context: BenchContext, args: readonly string[]): Promise<ProbedServer> {
    const path = context.scratchPath('loop');
    const server = await BenchServer.start(context, args, {
      nodeArgs: ['--import', join(import.meta.dirname, '../loop-probe.js')],
      env: { LOOP_PROBE_FILE: path },
    });
    return new ProbedServer(server, path, context.signal);
  }

  /** Since it was asked last. */
  async loopHold(): Promise<LoopHold> {
    rmSync(this.#path, { force: true });
    process.kill(this.server.pid, 'SIGUSR2');
    while (!existsSync(this.#path)) await delay(LOOK_MS, undefined, { signal: this.#signal });
    return JSON.parse(readFileSync(this.#path, 'utf8')) as LoopHold;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
