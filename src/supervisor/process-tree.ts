import type { ProcessIdentity } from '../domain/process-identity.ts';
import { readProcess, type ProcessEntry, type ProcessSnapshot } from './process-table.ts';

/** By what the processes of a job are known. */
export interface TreeRoot {
  readonly cookie: string;
  readonly program: ProcessIdentity;
  readonly shim: ProcessIdentity;
}

/**
 * The live processes of a job: the program, its session and group, whoever carries the job's cookie, whoever else is known
 * to be the job's, and the children of all these. The shim and its sinks are not among them.
 *
 * A session or group counts only while its number cannot mean a stranger's: no process of another start time has the
 * program's pid, and nobody in it is older than the program.
 * @param others processes of this picture that are known to be the job's by other means
 */
export function treeMembers(
  snapshot: ProcessSnapshot,
  root: TreeRoot,
  others: Iterable<ProcessEntry> = [],
): readonly ProcessEntry[] {
  const { program, shim } = root;
  const holder = snapshot.processes.get(program.pid);
  const numberIsOurs = holder === undefined || holder.startTicks === program.startTicks;
  const members = new Map<number, ProcessEntry>();
  const add = (process: ProcessEntry): void => {
    if (process.startTicks < program.startTicks || process.sessionId === shim.pid) return;
    members.set(process.pid, process);
  };
  if (numberIsOurs) {
    for (const process of snapshot.inSession(program.pid)) add(process);
    for (const process of snapshot.inGroup(program.pid)) add(process);
  }
  for (const process of snapshot.withCookie(root.cookie)) add(process);
  for (const process of others) add(process);
  if (holder?.startTicks === program.startTicks) members.set(holder.pid, holder);
  addDescendants(snapshot, members);
  return [...members.values()];
}

/** Adds everybody below the processes of a map by pid. */
export function addDescendants(snapshot: ProcessSnapshot, processes: Map<number, ProcessEntry>): void {
  // A map that grows while it is walked: the children of children come, too.
  for (const { pid } of processes.values()) {
    for (const child of snapshot.childrenOf(pid)) processes.set(child.pid, child);
  }
}

/** Whether a process is in the program's session or group, by whose number it is found again at any time. */
export function isInSessionOrGroup(process: ProcessEntry, { program }: TreeRoot): boolean {
  return process.sessionId === program.pid || process.groupId === program.pid;
}

/** The shim, its subshells and its sinks. Its session's number counts while it cannot mean a stranger's. */
export function shimSession(snapshot: ProcessSnapshot, { shim }: TreeRoot): readonly ProcessEntry[] {
  const holder = snapshot.processes.get(shim.pid);
  if (holder !== undefined && holder.startTicks !== shim.startTicks) return [];
  return snapshot.inSession(shim.pid).filter((process) => process.startTicks >= shim.startTicks);
}

/** Signals exactly this process; `false` if it is gone, is another one by now, or is not ours to signal. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (readProcess(identity.pid)?.startTicks !== identity.startTicks) return false;
  return sendSignal(identity.pid, signal);
}

/**
 * Signals a group that the caller has just seen to be the job's. Never 0, as which `/proc` has a group of another pid namespace, nor
 * 1: kill(2) takes them for the caller's own group and for every process.
 */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  return groupId > 1 && sendSignal(-groupId, signal);
}

function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}
