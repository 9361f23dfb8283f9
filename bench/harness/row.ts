import type { Target } from './target.ts';

/** One line of the tables. */
export interface Row {
  /** The letter of the case; empty for peers. */
  readonly case: string;
  readonly what: string;
  readonly measured: Figures;
  /** The raw limit of the same run, in the same unit. */
  readonly raw?: Figures;
  readonly target?: Target;
  /** Of the server, for each million lines delivered. */
  readonly cpuSecondsPerMillion?: Figures;
  readonly peakRssMiB?: Figures;
  /** What else was seen, in a few words. */
  readonly remark?: string;
}

/** What was measured, once a run. */
export interface Figures {
  readonly unit: string;
  readonly samples: readonly number[];
}

/** A case that gave nothing says why instead. */
export interface FailedRow {
  readonly case: string;
  readonly what: string;
  readonly failure: string;
}

export function figures(unit: string, samples: readonly number[]): Figures {
  return { unit, samples };
}
