import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { ServerControl } from '../end-to-end/harness/server-control.ts';
import type { CountingJob } from './counting-job.ts';
import type { SeededRandom } from './random.ts';

/** What one round has at hand. */
export interface Round {
  readonly server: LifelineServer;
  readonly control: ServerControl;
  readonly random: SeededRandom;
  /** 1, 2, 3 … within its scenario: for what takes turns. */
  readonly number: number;
  /** Unique among all rounds of a run, also for names of requests. */
  readonly name: string;
  /** Jobs to be looked at when the round is over: their processes must be gone. */
  readonly jobs: CountingJob[];
  /** Counts something for the table, such as a kill at a place. */
  count(what: string, by?: number): void;
}

/** One kind of fault, injected once a round. */
export interface Scenario {
  readonly name: string;
  /** Numbers of docs/reliability.md. */
  readonly faults: readonly number[];
  /** How it is injected, in one sentence. */
  readonly injection: string;
  /** How many rounds even the shortest run makes. */
  readonly leastRounds: number;
  /** How often it comes beside the others in the time that is left. */
  readonly weight: number;
  /** Further arguments of the server; scenarios with the same ones share a server. */
  readonly serverArgs?: readonly string[];
  /** It needs namespaces of its own, which some machines do not give. */
  readonly inNamespaces?: readonly string[];
  /** Whether the first process of the namespace reaps what becomes an orphan; yes by default. */
  readonly orphansAreReaped?: boolean;
  /** What the server may say at level error. */
  readonly expectedErrors?: RegExp;
  run(round: Round): Promise<void>;
}
