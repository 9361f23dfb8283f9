import { connect, type Socket } from 'node:net';
import { sharedNowMs } from '../harness/shared-clock.ts';
import { EventSplitter } from './event-splitter.ts';
import { HttpBody } from './http-body.ts';
import type { ReadOrder } from './read-order.ts';
import type { Tally } from './tally.ts';
import type { VerifiedEvents } from './verified-events.ts';

/** One reader: connecting → attached (→ stalled → `resume()`) → over. It checks everything and repairs nothing. */
export class Connection {
  readonly #order: ReadOrder;
  readonly #verified: VerifiedEvents;
  readonly #tally: Tally;
  readonly #body: HttpBody;
  readonly #events: EventSplitter;
  #socket: Socket | undefined;
  #nextSeq: number;
  #isOver = false;
  #attach: () => void = () => undefined;
  #finish: () => void = () => undefined;
  readonly attached = new Promise<void>((resolve) => (this.#attach = resolve));
  /** Resolves when the stream has ended, or has turned out to be wrong. */
  readonly over = new Promise<void>((resolve) => (this.#finish = resolve));

  constructor(order: ReadOrder, verified: VerifiedEvents, tally: Tally) {
    this.#order = order;
    this.#verified = verified;
    this.#tally = tally;
    this.#nextSeq = order.after + 1;
    this.#events = new EventSplitter(order.shape.kind, (bytes, start, end) => {
      this.#takeEvent(bytes, start, end);
    });
    this.#body = new HttpBody(
      () => {
        if (order.stalls) this.#socket?.pause();
        this.#attach();
      },
      (bytes, start, end) => {
        this.#events.push(bytes, start, end);
      },
    );
  }

  /** @param buffer what is read comes here; it can be the same for all connections, as each read is taken at once */
  start(request: string, buffer: Buffer): void {
    const socket = connect({
      host: '127.0.0.1',
      port: this.#order.port,
      onread: {
        buffer,
        callback: (length) => {
          this.#read(buffer, length);
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.write(request);
    socket.on('error', (error) => {
      this.#end(error.message);
    });
    socket.on('close', () => {
      this.#end(this.#nextSeq > this.#order.lastSeq ? undefined : 'the connection was cut');
    });
  }

  resume(): void {
    this.#socket?.resume();
  }

  #read(buffer: Buffer, length: number): void {
    try {
      if (!this.#isOver) this.#body.push(buffer, length);
    } catch (error) {
      this.#end((error as Error).message);
    }
    const isComplete = this.#order.shape.kind === 'text' && this.#nextSeq > this.#order.lastSeq;
    if (this.#body.ended || isComplete) this.#end(undefined);
  }

  #takeEvent(bytes: Buffer, start: number, end: number): void {
    const checked = this.#verified.take(bytes, start, end, this.#nextSeq);
    if (checked.lines === 0) return;
    this.#nextSeq += checked.lines;
    this.#tally.add(checked, sharedNowMs());
  }

  #end(fault: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const last = this.#nextSeq - 1;
    if (fault !== undefined) this.#tally.fault(`after line ${last}: ${fault}`);
    else if (last !== this.#order.lastSeq)
      this.#tally.fault(`ended after line ${last} of ${this.#order.lastSeq}`);
    this.#socket?.destroy();
    this.#attach();
    this.#finish();
  }
}
