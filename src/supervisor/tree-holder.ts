import type { ProcessEntry, ProcessSnapshot } from './process-table.ts';

/**
 * What holds the processes of one job together, beyond what a look at /proc shows: a cgroup, a subreaper, or nothing.
 * Disposal lets go of what holds; the processes are not touched.
 */
export interface TreeHolder extends Disposable {
  /** Processes of the picture that are the job's, whatever they look like. */
  members(snapshot: ProcessSnapshot): Iterable<ProcessEntry>;
  /** Whether no process of the job can have escaped so far. */
  holds(): boolean;
  /** Kills everything that it holds in one step, what is being forked meanwhile included; `false` where it cannot. */
  kill(): boolean;
}

/** Nothing holds the tree: its processes are found by what they carry and by descent. */
export const NO_HOLDER: TreeHolder = Object.freeze({
  members: () => [],
  holds: () => false,
  kill: () => false,
  [Symbol.dispose]: () => undefined,
});
