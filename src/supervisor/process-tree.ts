import type { ProcessIdentity } from '../domain/process-identity.ts';
import { COOKIE_NAME } from './job-request.ts';
import { readProcess, type ProcessEntry, type ProcessSnapshot } from './process-table.ts';

/** By what the processes of a job are known. */
export interface TreeRoot {
  readonly cookie: string;
  readonly program: ProcessIdentity;
  readonly shim: ProcessIdentity;
}

/**
 * The live processes of a job: the program, its session and group, whoever carries the job's cookie, and the children of
 * all these. The shim and its sinks are not among them.
 *
 * A session or group counts only while its number cannot mean a stranger's: no process of another start time has the
 * program's pid, and nobody in it is older than the program.
 * Known gap: a stray that left session and group, cleared its environment and outlived its parent is not found.
 */
export function treeMembers(snapshot: ProcessSnapshot, root: TreeRoot): readonly ProcessEntry[] {
  const holder = snapshot.processes.get(root.program.pid);
  const numberIsOurs = holder === undefined || holder.startTicks === root.program.startTicks;
  const members = new Map<number, ProcessEntry>();
  for (const process of snapshot.processes.values()) {
    if (process.startTicks < root.program.startTicks || process.sessionId === root.shim.pid) continue;
    const bySession =
      numberIsOurs && (process.sessionId === root.program.pid || process.groupId === root.program.pid);
    if (bySession || snapshot.environmentValue(process.pid, COOKIE_NAME) === root.cookie)
      members.set(process.pid, process);
  }
  if (holder?.startTicks === root.program.startTicks) members.set(holder.pid, holder);
  addDescendants(snapshot, members);
  return [...members.values()];
}

/** Whether the shim, a subshell of it or a sink is alive. Its session's number counts while it cannot mean a stranger's. */
export function shimSessionLives(snapshot: ProcessSnapshot, { shim }: TreeRoot): boolean {
  const holder = snapshot.processes.get(shim.pid);
  if (holder !== undefined && holder.startTicks !== shim.startTicks) return false;
  return [...snapshot.processes.values()].some(
    (process) => process.sessionId === shim.pid && process.startTicks >= shim.startTicks,
  );
}

function addDescendants(snapshot: ProcessSnapshot, members: Map<number, ProcessEntry>): void {
  for (let grown = true; grown;) {
    grown = false;
    for (const process of snapshot.processes.values()) {
      if (members.has(process.pid) || !members.has(process.parentPid)) continue;
      members.set(process.pid, process);
      grown = true;
    }
  }
}

/** Signals exactly this process; `false` if it is gone, is another one by now, or is not ours to signal. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (readProcess(identity.pid)?.startTicks !== identity.startTicks) return false;
  return sendSignal(identity.pid, signal);
}

/** Signals a group that the caller has just seen to be the job's. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  return sendSignal(-groupId, signal);
}

function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}
