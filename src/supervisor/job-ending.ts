import type { JobSignal } from '../domain/job-signal.ts';
import type { CancellationFacts } from '../storage/job-records.ts';
import { cancellationFacts, type EndRequest } from './end-request.ts';
import type { JobTree } from './job-tree.ts';
import { BY_TERM, politeEnd, type PoliteEnd } from './polite-end.ts';
import { bootClockMs } from './process-clock.ts';
import { isAlive, type ProcessTable } from './process-table.ts';
import type { TreeRoot } from './process-tree.ts';
import type { StopCommand } from './stop-command.ts';
import { TreeTermination } from './tree-termination.ts';

export interface JobEndingOptions {
  readonly table: ProcessTable;
  readonly stopSignal: JobSignal;
  /** Runs the stop command for a program that lives, once; `null` where there is none. Its end calls back. */
  readonly runStopCommand: (root: TreeRoot, onEnd: () => void) => StopCommand | null;
  /** Aborts when the server lets go of its jobs. */
  readonly released: AbortSignal;
  /** Called when `facts` has changed on the way. */
  readonly onProgress: (facts: CancellationFacts) => void;
}

/**
 * How one job is brought to its end: who asked for it, if anybody did, and what became of its processes.
 *
 * States: nothing asked → asked → terminating → swept. The first request counts; later ones shorten the grace period. The
 * sweep that ends every job is the same, asked or not.
 */
export class JobEnding {
  readonly #options: JobEndingOptions;
  #request: EndRequest | null = null;
  /** When it was asked for, on the clock of `performance.now()`. */
  #requestedMonotonicMs = 0;
  #requestedUptimeMs: number | null = null;
  #isClosed = false;
  #tree: JobTree | null = null;
  #termination: TreeTermination | null = null;
  #stopCommand: StopCommand | null = null;

  constructor(options: JobEndingOptions) {
    this.#options = options;
  }

  /**
   * What a former server was asked for.
   * @param requestedMonotonicMs when that was, on the clock of `performance.now()`
   */
  resume(request: EndRequest | null, requestedMonotonicMs: number): void {
    this.#request = request;
    this.#requestedMonotonicMs = requestedMonotonicMs;
  }

  get request(): EndRequest | null {
    return this.#request;
  }

  /** Whether the grace period ran out. */
  get killed(): boolean {
    return this.#termination !== null && this.#termination.killedAtMs !== null;
  }

  /** @returns whether this is the first request, and the job had not ended before it */
  ask(request: EndRequest): boolean {
    if (this.#request === null && !this.#isClosed) {
      this.#request = request;
      this.#requestedMonotonicMs = performance.now();
      this.#requestedUptimeMs = bootClockMs();
      return true;
    }
    this.hurry(request.gracePeriodMs);
    return false;
  }

  /** The job has ended by itself, or as it was asked to: a request only shortens the grace period from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Shortens the grace period, also of a sweep that nobody asked for. */
  hurry(gracePeriodMs: number): void {
    if (this.#request !== null && gracePeriodMs < this.#request.gracePeriodMs)
      this.#request = { ...this.#request, gracePeriodMs };
    this.#termination?.hurry(gracePeriodMs);
    this.#tellProgress();
  }

  /** Begins to end what was asked to end: what is left of its grace period counts. @param tree borrowed until the end of the job */
  async begin(tree: JobTree): Promise<void> {
    if (this.#request === null) return;
    const endsMs = this.#requestedMonotonicMs + this.#request.gracePeriodMs;
    const restMs = Math.max(0, endsMs - performance.now());
    await this.#terminate(tree, restMs, () => this.#politeEnd(tree, restMs));
  }

  /** Whether `begin` or `sweep` was called. */
  get hasBegun(): boolean {
    return this.#termination !== null;
  }

  /** Ends what is left of the tree, whether anybody asked or not. Resolves when nothing is left, or only survivors are. */
  async sweep(tree: JobTree, gracePeriodMs: number): Promise<void> {
    const swept = this.#terminate(tree, gracePeriodMs, () => BY_TERM);
    this.#termination?.poke();
    await swept;
  }

  /** The report as it stands; `null` where nobody asked. @param finishedAtMs when nothing was left; `null` before */
  facts(finishedAtMs: number | null): CancellationFacts | null {
    if (this.#request === null) return null;
    const isContained = this.#tree?.isHeld === true;
    return {
      ...cancellationFacts(this.#request, this.#termination, this.#stopCommand, isContained, finishedAtMs),
      requestedUptimeMs: this.#requestedUptimeMs,
    };
  }

  #politeEnd({ root }: JobTree, restMs: number): PoliteEnd {
    const { stopSignal, runStopCommand } = this.#options;
    const programIsAlive = (): boolean => isAlive(root.program);
    if (restMs > 0 && programIsAlive())
      this.#stopCommand = runStopCommand(root, () => {
        this.#termination?.poke();
        this.#tellProgress();
      });
    return politeEnd(stopSignal, this.#stopCommand, programIsAlive);
  }

  async #terminate(tree: JobTree, gracePeriodMs: number, polite: () => PoliteEnd): Promise<void> {
    this.#tree = tree;
    this.#termination ??= new TreeTermination({
      table: this.#options.table,
      tree,
      polite: polite(),
      gracePeriodMs,
      signal: this.#options.released,
      onProgress: () => this.#tellProgress(),
    });
    await this.#termination.run();
  }

  #tellProgress(): void {
    const facts = this.facts(null);
    if (facts !== null) this.#options.onProgress(facts);
  }
}
