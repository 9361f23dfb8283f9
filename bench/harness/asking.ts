import { setTimeout as delay } from 'node:timers/promises';
import type { BenchServer } from './bench-server.ts';

const EVERY_MS = 50;

/** Asks a server a small question, again and again, one at a time: idle → asking → ended. Disposing ends it, too. */
export class Asking implements Disposable {
  /** How long each answer took. */
  readonly latenciesMs: number[] = [];
  readonly #server: BenchServer;
  #isEnded = false;

  constructor(server: BenchServer) {
    this.#server = server;
  }

  begin(): void {
    void this.#ask();
  }

  end(): void {
    this.#isEnded = true;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  async #ask(): Promise<void> {
    while (!this.#isEnded) {
      const askedAtMs = performance.now();
      await this.#server.ask('{ server { version } }');
      this.latenciesMs.push(performance.now() - askedAtMs);
      await delay(EVERY_MS);
    }
  }
}
