/** Where a fault is injected, so that a reader can go and look. */
export type Evidence =
  | { readonly file: string; readonly test: string }
  /** A scenario of `npm run test:chaos`. */
  | { readonly scenario: string };

interface Named {
  /** Its number in the list of faults, which is kept for good: 1 to 128. */
  readonly number: number;
  readonly fault: string;
}

/** A fault that the tests inject. The chaos run counts where it has a scenario for it. */
export interface TestedFault extends Named {
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** How it is injected. */
  readonly injection: string;
  /** What of it is not covered yet. */
  readonly open?: string;
}

/** Not tested yet: the part of the product that it belongs to is not built, or the reason says what is missing. */
export interface LaterFault extends Named {
  readonly later: string;
}

/** It cannot happen here; the reason says why. */
export interface InapplicableFault extends Named {
  readonly notApplicable: string;
}

export type Fault = TestedFault | LaterFault | InapplicableFault;

/** A test by its file below test/, without `.test.ts`, and its title as it stands in the source. */
export function by(file: string, test: string): Evidence {
  return { file: `test/${file}.test.ts`, test };
}

export function chaos(scenario: string): Evidence {
  return { scenario };
}
