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

/** How many processes are looked at before the event loop gets its turn. */
const SLICE = 100;

/**
 * Looks at all processes. One scan serves everybody who asks while none has begun, so that many jobs that end at once
 * cost one pass over /proc.
 */
export class ProcessTable {
  readonly #cookieName: string;
  #next: Promise<ProcessSnapshot> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #cookies: ReadonlyMap<number, KnownCookie> = new Map();

  /** @param cookieName the variable by which the processes of a job are known */
  constructor(cookieName: string) {
    this.#cookieName = cookieName;
  }

  /** A picture that was begun after this call. */
  async scan(): Promise<ProcessSnapshot> {
    if (this.#next === undefined) {
      const turn = this.#running.then(async () => {
        this.#next = undefined;
        return this.#takeSnapshot();
      });
      this.#next = turn;
      this.#running = turn.catch(() => undefined);
    }
    return this.#next;
  }

  async #takeSnapshot(): Promise<ProcessSnapshot> {
    const processes = new Map<number, ProcessEntry>();
    const cookies = new Map<number, KnownCookie>();
    let looked = 0;
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry);
      if (!Number.isInteger(pid)) continue;
      if (++looked % SLICE === 0) await setImmediate();
      const process = readProcess(pid);
      if (process === undefined || isGone(process)) continue;
      processes.set(pid, process);
      cookies.set(pid, this.#cookieOf(process));
    }
    this.#cookies = cookies;
    return new ProcessSnapshot(processes, (pid) => cookies.get(pid)?.cookie);
  }

  /** The environment of a process stays as it is until it becomes another program, and so takes another name. */
  #cookieOf({ pid, startTicks, name }: ProcessEntry): KnownCookie {
    const known = this.#cookies.get(pid);
    if (known?.startTicks === startTicks && known.name === name) return known;
    return { startTicks, name, cookie: readEnvironmentValue(pid, this.#cookieName) };
  }
}

interface KnownCookie {
  readonly startTicks: number;
  readonly name: string;
  readonly cookie: string | undefined;
}

/** The processes at one time, less those that came and went while it was taken. Zombies are left out. */
export class ProcessSnapshot {
  readonly processes: ReadonlyMap<number, ProcessEntry>;
  readonly #cookieOf: (pid: number) => string | undefined;
  #bySession: Groups<number> | undefined;
  #byGroup: Groups<number> | undefined;
  #byParent: Groups<number> | undefined;
  #byCookie: Groups<string> | undefined;

  /** @param cookieOf the cookie in a process's environment; `undefined` without one or where we may not look */
  constructor(processes: ReadonlyMap<number, ProcessEntry>, cookieOf: (pid: number) => string | undefined) {
    this.processes = processes;
    this.#cookieOf = cookieOf;
  }

  inSession(sessionId: number): readonly ProcessEntry[] {
    this.#bySession ??= this.#grouped((process) => process.sessionId);
    return this.#bySession.get(sessionId) ?? [];
  }

  inGroup(groupId: number): readonly ProcessEntry[] {
    this.#byGroup ??= this.#grouped((process) => process.groupId);
    return this.#byGroup.get(groupId) ?? [];
  }

  childrenOf(pid: number): readonly ProcessEntry[] {
    this.#byParent ??= this.#grouped((process) => process.parentPid);
    return this.#byParent.get(pid) ?? [];
  }

  withCookie(cookie: string): readonly ProcessEntry[] {
    this.#byCookie ??= this.#grouped((process) => this.#cookieOf(process.pid));
    return this.#byCookie.get(cookie) ?? [];
  }

  #grouped<Key>(keyOf: (process: ProcessEntry) => Key | undefined): Groups<Key> {
    const groups = new Map<Key, ProcessEntry[]>();
    for (const process of this.processes.values()) {
      const key = keyOf(process);
      if (key === undefined) continue;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [process]);
      else group.push(process);
    }
    return groups;
  }
}

type Groups<Key> = ReadonlyMap<Key, readonly ProcessEntry[]>;

function isGone(process: ProcessEntry): boolean {
  return process.state === 'Z' || process.state === 'X';
}

/** The process with this pid now, zombies included; `undefined` if there is none. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(readText(`/proc/${String(pid)}/stat`));
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
    const line = readText(`/proc/${String(process.pid)}/cmdline`)
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
    return readText(`/proc/${String(pid)}/environ`)
      .split('\0')
      .find((entry) => entry.startsWith(prefix))
      ?.slice(prefix.length);
  } catch {
    return undefined;
  }
}

/**
 * For other encodings than UTF-8 Node sets 64 KiB aside for each file whose size it cannot know, and a look at all processes
 * reads thousands. What is no UTF-8 is replaced, which moves no bracket, blank or NUL.
 */
function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
