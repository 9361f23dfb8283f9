import { untilTrue } from './until-true.ts';
import { readdirSync, readFileSync } from 'node:fs';

/** Whether there is a process with this pid that has not ended (a zombie has). */
export function isRunning(pid: number): boolean {
  const state = /\) (\S)/.exec(read(`/proc/${String(pid)}/stat`))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** How many descriptors a process has open. */
export function descriptorCount(pid: number): number {
  return readdirSync(`/proc/${String(pid)}/fd`).length;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${String(pid)}/status`))?.[1] ?? 0) * 1024;
}

/** The children of a process, zombies included. */
export function childrenOf(pid: number): number[] {
  return processIds().filter((candidate) => {
    const stat = read(`/proc/${String(candidate)}/stat`);
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
  });
}

/** The live processes whose command line or environment mentions a text. */
export function processesMentioning(text: string): { pid: number; command: string }[] {
  return processIds().flatMap((pid) => {
    const command = read(`/proc/${String(pid)}/cmdline`);
    const mentions = command.includes(text) || read(`/proc/${String(pid)}/environ`).includes(text);
    return mentions && isRunning(pid) ? [{ pid, command: command.replaceAll('\0', ' ') }] : [];
  });
}

/**
 * Sends a signal. A negative number means a group.
 * @returns `false` where the process or group is gone
 * @throws Error for a pid that is not known, which would mean the group of this process, or every process
 */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  if (!Number.isInteger(pid) || Math.abs(pid) <= 1) throw new Error(`${String(pid)} is no process to signal`);
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function processIds(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Signals the group that a program leads, once it leads one: a job says that it runs a moment before. */
export async function signalGroup(leader: number, name: NodeJS.Signals): Promise<void> {
  await untilTrue(() => signal(-leader, name), { what: `the group ${String(leader)}` });
}
