import type { ProcessIdentity } from '../domain/process-identity.ts';
import { readExitRecord } from './exit-record.ts';
import { isAlive, type ProcessEntry, type ProcessSnapshot } from './process-table.ts';
import { addDescendants } from './process-tree.ts';
import type { TreeHolder } from './tree-holder.ts';

/**
 * The shim runs under a subreaper (`tini -s`), which takes the place of every parent that dies: whatever the job starts
 * stays below it. The shim does not end before the subreaper has no other child, and says so in the exit record.
 * Source: prctl(2), PR_SET_CHILD_SUBREAPER.
 * Known gap: a job that kills its own subreaper; what is then found is a best effort, and said to be.
 */
export function subreaperHolder(subreaper: ProcessIdentity, exitRecordPath: string): TreeHolder {
  return {
    members: (snapshot) => descendants(snapshot, subreaper),
    holds: () => isAlive(subreaper) || readExitRecord(exitRecordPath).alone,
    kill: () => false,
    [Symbol.dispose]: () => undefined,
  };
}

function descendants(
  snapshot: ProcessSnapshot,
  { pid, startTicks }: ProcessIdentity,
): Iterable<ProcessEntry> {
  if (snapshot.processes.get(pid)?.startTicks !== startTicks) return [];
  const found = new Map(snapshot.childrenOf(pid).map((process) => [process.pid, process]));
  addDescendants(snapshot, found);
  return found.values();
}
