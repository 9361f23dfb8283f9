import { join } from 'node:path';
import type { BenchDocument } from '../documents/document.ts';

/** What every case gets. */
export class BenchContext {
  /** Measured runs; a warm-up comes before them. */
  readonly runs: number;
  /** Short runs with few lines: to see that everything works. */
  readonly quick: boolean;
  readonly documents: readonly BenchDocument[];
  /** Numbers of followers that are measured. */
  readonly followers: readonly number[];
  readonly linesPath: string;
  /** Where profiles of the server go; none without it. */
  readonly profileDirectory: string | undefined;
  /** Aborts when the time of the case is over. */
  readonly signal: AbortSignal;
  readonly #scratch: string;
  #scratchNumber = 0;

  constructor(fields: {
    readonly runs: number;
    readonly quick: boolean;
    readonly documents: readonly BenchDocument[];
    readonly followers: readonly number[];
    readonly linesPath: string;
    readonly profileDirectory: string | undefined;
    readonly signal: AbortSignal;
    readonly scratch: string;
  }) {
    this.runs = fields.runs;
    this.quick = fields.quick;
    this.documents = fields.documents;
    this.followers = fields.followers;
    this.linesPath = fields.linesPath;
    this.profileDirectory = fields.profileDirectory;
    this.signal = fields.signal;
    this.#scratch = fields.scratch;
  }

  /** A path that nothing has yet, in the scratch directory of this case. */
  scratchPath(name: string): string {
    return join(this.#scratch, `${name}-${++this.#scratchNumber}`);
  }
}
