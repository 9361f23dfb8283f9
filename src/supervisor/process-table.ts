import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';

/** One process as /proc shows it. */
export interface ProcessEntry extends ProcessIdentity {
  /** The kernel's short name, at most 15 bytes. */
  readonly name: string;
  /** Such as `R`, `S`, `T` (stopped), `Z` (zombie: it counts as gone). */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
}

/** USER_HZ, which the kernel gives to programs whatever its own rate is. Source: time(7). */
const TICKS_PER_SECOND = 100;

/** How many processes are looked at before the event loop gets its turn. */
const SLICE = 200;

/**
 * Looks at all processes. One scan serves everybody who asks while none has begun, so that many jobs that end at once
 * cost one pass over /proc.
 */
export class ProcessTable {
  #next: Promise<ProcessSnapshot> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  /** A picture that was begun after this call. */
  async scan(): Promise<ProcessSnapshot> {
    if (this.#next === undefined) {
      const turn = this.#running.then(async () => {
        this.#next = undefined;
        return takeSnapshot();
      });
      this.#next = turn;
      this.#running = turn.catch(() => undefined);
    }
    return this.#next;
  }
}

/** The processes at one time, less those that came and went while it was taken. Zombies are left out. */
export class ProcessSnapshot {
  readonly processes: ReadonlyMap<number, ProcessEntry>;
  readonly #cookies = new Map<number, string | undefined>();

  constructor(processes: ReadonlyMap<number, ProcessEntry>) {
    this.processes = processes;
  }

  /** The value of a variable in the process's environment; `undefined` without it or where we may not look. */
  environmentValue(pid: number, name: string): string | undefined {
    if (!this.#cookies.has(pid)) this.#cookies.set(pid, readEnvironmentValue(pid, name));
    return this.#cookies.get(pid);
  }
}

async function takeSnapshot(): Promise<ProcessSnapshot> {
  const processes = new Map<number, ProcessEntry>();
  let looked = 0;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    if (++looked % SLICE === 0) await setImmediate();
    const process = readProcess(pid);
    if (process !== undefined && !isGone(process)) processes.set(pid, process);
  }
  return new ProcessSnapshot(processes);
}

function isGone(process: ProcessEntry): boolean {
  return process.state === 'Z' || process.state === 'X';
}

/** The process with this pid now, zombies included; `undefined` if there is none. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Whether exactly this process runs (a zombie does not). */
export function isAlive(identity: ProcessIdentity): boolean {
  const found = readProcess(identity.pid);
  return found?.startTicks === identity.startTicks && !isGone(found);
}

/**
 * Reads one line of /proc/PID/stat. The name stands in brackets and may hold spaces and brackets itself, so the fields
 * are counted from the last bracket. Source: proc_pid_stat(5).
 */
export function parseStat(stat: string): ProcessEntry | undefined {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = stat
    .slice(close + 2)
    .trim()
    .split(' ');
  const number = (field: number): number => Number(fields[field - 3]);
  const entry = {
    pid: Number(stat.slice(0, open)),
    name: stat.slice(open + 1, close),
    state: fields[0] ?? '',
    parentPid: number(4),
    groupId: number(5),
    sessionId: number(6),
    startTicks: number(22),
  };
  return Number.isInteger(entry.pid) && Number.isInteger(entry.startTicks) ? entry : undefined;
}

/** The command line of a process, for people; the kernel's short name where it has none. */
export function readCommandLine(process: ProcessEntry): string {
  try {
    const line = readFileSync(`/proc/${String(process.pid)}/cmdline`, 'utf8')
      .split('\0')
      .join(' ')
      .trim();
    return line === '' ? `[${process.name}]` : line.slice(0, 500);
  } catch {
    return `[${process.name}]`;
  }
}

/** Where this server runs. Identities from elsewhere say nothing here. */
export function readHostIdentity(): HostIdentity {
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  };
}

function readEnvironmentValue(pid: number, name: string): string | undefined {
  try {
    const prefix = `${name}=`;
    return readFileSync(`/proc/${String(pid)}/environ`, 'latin1')
      .split('\0')
      .find((entry) => entry.startsWith(prefix))
      ?.slice(prefix.length);
  } catch {
    return undefined;
  }
}

/** Milliseconds for which a process of this boot has lived: by the kernel's clock, which nobody sets. Exact to a tick. */
export function processAgeMs(identity: ProcessIdentity): number {
  const uptimeSeconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
  return Math.max(0, (uptimeSeconds - identity.startTicks / TICKS_PER_SECOND) * 1_000);
}
