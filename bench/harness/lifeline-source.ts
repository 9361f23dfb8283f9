import type { BenchDocument } from '../documents/document.ts';
import { BenchServer } from './bench-server.ts';
import type { BenchContext } from './context.ts';
import { startGatedJob } from './gated-job.ts';
import { deliver, type Delivery, type LineSource } from './line-source.ts';
import { printCommand } from './lines-file.ts';

/** Lifeline itself: each log is a job of one real server. */
export class LifelineSource implements LineSource {
  readonly name = 'Lifeline';
  readonly #server: BenchServer;
  readonly #document: BenchDocument;
  readonly #context: BenchContext;

  private constructor(server: BenchServer, document: BenchDocument, context: BenchContext) {
    this.#server = server;
    this.#document = document;
    this.#context = context;
  }

  static async open(document: BenchDocument, context: BenchContext): Promise<LifelineSource> {
    return new LifelineSource(await BenchServer.start(context), document, context);
  }

  async deliver(readers: number, lines: number): Promise<Delivery> {
    const job = await startGatedJob(
      this.#server,
      this.#context,
      printCommand(this.#context.linesPath, lines),
    );
    const log = {
      port: this.#server.port,
      pids: [this.#server.pid],
      request: this.#server.followRequest(this.#document, job.id),
      shape: this.#document.shape,
      begin: () => {
        job.open();
      },
    };
    return await deliver(log, readers, lines, this.#context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
