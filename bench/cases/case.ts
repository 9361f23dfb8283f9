import type { BenchContext } from '../harness/context.ts';
import type { Row } from '../harness/row.ts';

export interface BenchCase {
  /** What selects it: `--case a`. */
  readonly letter: string;
  readonly title: string;
  /** After so many seconds it is given up; for each measured run. */
  readonly maxSecondsPerRun: number;
  /** Tells each row as soon as it is known. */
  run(context: BenchContext, tell: (row: Row) => void): Promise<void>;
}
