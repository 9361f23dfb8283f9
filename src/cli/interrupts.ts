import { Backoff, pause } from '../client/backoff.ts';
import { isPassing } from '../client/errors.ts';
import { CancelJobDocument } from '../client/generated/graphql.ts';
import type { Connection } from './connection.ts';
import { EXIT } from './exit-codes.ts';

export type InterruptSignal = 'SIGINT' | 'SIGTERM';

/** The user has left; the job goes where it goes. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * What Ctrl-C (SIGINT) and SIGTERM do to the job that is being followed:
 *
 *   first → cancel it, and go on following → second → end it now (grace 0) → third → leave it
 *
 * The first ones also count before the job is known. A server that is away is asked again until it answers. Disposal gives
 * the signals back and stops asking.
 */
export class Interrupts implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #note: (sentence: string) => Promise<void>;
  readonly #left = new AbortController();
  readonly #disposed = new AbortController();
  readonly #requests: Promise<void>[] = [];
  #jobId: string | undefined;
  #first: InterruptSignal | undefined;
  #count = 0;

  constructor(connection: Connection, note: (sentence: string) => Promise<void>) {
    this.#connection = connection;
    this.#note = note;
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  /** The signal that came first, if one came. */
  get first(): InterruptSignal | undefined {
    return this.#first;
  }

  /** Aborts when the user leaves; its reason is an InterruptedError. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** From now on this job is meant, also by the signals that came before. */
  aimAt(jobId: string): void {
    this.#jobId = jobId;
    if (this.#count > 0) this.#cancel(this.#count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
    this.#disposed.abort();
    await Promise.all(this.#requests);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#first ??= signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM';
    this.#count += 1;
    if (this.#count > 2) this.#leave();
    else if (this.#jobId !== undefined) this.#cancel(this.#count);
  };

  #cancel(count: number): void {
    const gracePeriodMs = count > 1 ? 0 : undefined;
    this.#requests.push(this.#untilCancelled(this.#jobId ?? '', gracePeriodMs));
  }

  async #untilCancelled(jobId: string, gracePeriodMs: number | undefined): Promise<void> {
    const again = gracePeriodMs === 0 ? 'leaves it' : 'ends it at once';
    await this.#note(`cancelling job ${jobId}; once more ${again}`);
    const { signal } = this.#disposed;
    const backoff = new Backoff();
    while (!this.#isDisposed()) {
      try {
        await this.#connection.execute(CancelJobDocument, { jobId, gracePeriodMs }, { signal });
        return;
      } catch (error) {
        if (this.#isDisposed()) return;
        if (!isPassing(error)) {
          await this.#note(
            `job ${jobId} was not cancelled: ${error instanceof Error ? error.message : String(error)}`,
          );
          return;
        }
      }
      await pause(backoff.nextDelayMs(), signal);
    }
  }

  #isDisposed(): boolean {
    return this.#disposed.signal.aborted;
  }

  #leave(): void {
    const what = this.#jobId === undefined ? 'left; a job may have been started' : `left job ${this.#jobId}`;
    const code = this.#first === 'SIGTERM' ? EXIT.TERMINATED : EXIT.INTERRUPTED;
    this.#left.abort(new InterruptedError(`${what}. See what runs with: lifeline ps`, code));
  }
}
