import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ReaderCommand, ReaderMessage, ReadOrder, ReadReport } from '../reader/read-order.ts';

const READER = join(import.meta.dirname, '../reader/reader-process.ts');

/** A reader process: attaching → attached → done; disposing it ends it at any time. */
export class Reading implements Disposable {
  readonly #process: ChildProcess;
  #attach: () => void = () => undefined;
  #report: (report: ReadReport) => void = () => undefined;
  #fail: (reason: unknown) => void = () => undefined;
  readonly #attached = new Promise<void>((resolve) => (this.#attach = resolve));
  readonly #failed = new Promise<never>((_, reject) => (this.#fail = reject));
  readonly #done = new Promise<ReadReport>((resolve) => (this.#report = resolve));

  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => {
    this.#fail(this.#signal.reason);
  };

  private constructor(order: ReadOrder, signal: AbortSignal, script: string) {
    this.#process = fork(script, { execArgv: ['--import', 'tsx'] });
    // Whoever waits hears of it; nobody may be waiting.
    this.#failed.catch(() => undefined);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#signal = signal;
    this.#process.once('exit', () => {
      this.#fail(new Error('The reader ended before it was done.'));
    });
    this.#process.on('message', (message: ReaderMessage) => {
      if (message.kind === 'attached') this.#attach();
      else this.#report(message);
    });
    this.#tell({ kind: 'read', order });
  }

  /** Resolves when all readers are attached. @throws the signal's reason */
  static async begin(order: ReadOrder, signal: AbortSignal, script = READER): Promise<Reading> {
    signal.throwIfAborted();
    const reading = new Reading(order, signal, script);
    try {
      await Promise.race([reading.#attached, reading.#failed]);
      return reading;
    } catch (error) {
      reading[Symbol.dispose]();
      throw error;
    }
  }

  /** Lets readers that stall go on. */
  resume(): void {
    this.#tell({ kind: 'resume' });
  }

  /** Resolves when all streams have ended. @throws Error if a line was lost or came twice */
  async finish(): Promise<ReadReport> {
    const report = await Promise.race([this.#done, this.#failed]);
    if (report.faults.length > 0) throw new Error(`Lines were lost or repeated: ${report.faults.join('; ')}`);
    return report;
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#process.kill('SIGKILL');
  }

  #tell(command: ReaderCommand): void {
    this.#process.send(command);
  }
}
