import type { TerminatedProcess } from '../domain/terminated-process.ts';
import { Doorbell } from './doorbell.ts';
import type { JobTree } from './job-tree.ts';
import { isOfStopCommand, type PoliteEnd } from './polite-end.ts';
import { readCommandLine, type ProcessEntry, type ProcessTable } from './process-table.ts';
import { signalGroup, signalProcess } from './process-tree.ts';

/** How long killed processes are waited for, if nothing changes, before they are survivors (uninterruptible, or not ours to kill). */
const KILL_LIMIT_MS = 5_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;
/** The most processes that a report names: a job that forks without end must not fill the database. */
const MAX_REPORTED = 5_000;

interface Seen {
  readonly entry: ProcessEntry;
  readonly command: string;
  readonly signals: NodeJS.Signals[];
  goneAtMs: number | null;
}

export interface TreeTerminationOptions {
  readonly table: ProcessTable;
  /** Borrowed. */
  readonly tree: JobTree;
  /** How they are asked to end. */
  readonly polite: PoliteEnd;
  readonly gracePeriodMs: number;
  /** Aborts when the server lets go of the job; the tree is then left as it is. */
  readonly signal: AbortSignal;
  /** Called after each look that has changed `processes` or `killedAtMs`. */
  readonly onProgress: () => void;
}

/**
 * Ends the tree of one job: the polite signal and CONT (a stopped process keeps TERM pending) to the program's group in one
 * call and to its strays, the grace period, KILL to what is left, and sweeps until two in a row find nothing. A stop command
 * stands for the signal, is left alone until the grace period is over, and is waited for so long. What holds the tree
 * together kills it in one step; otherwise whole groups are killed in one call each, and a tree that forks on meanwhile is
 * stopped first, until a look finds nobody new.
 */
export class TreeTermination {
  readonly #table: ProcessTable;
  readonly #tree: JobTree;
  readonly #polite: PoliteEnd;
  readonly #signal: AbortSignal;
  readonly #onProgress: () => void;
  readonly #bell = new Doorbell();
  readonly #seen = new Map<string, Seen>();
  #deadlineMs: number;
  #lastChangeMs = 0;
  #hasChanged = false;
  #killedAtMs: number | null = null;
  #forksOn = false;
  #groupAsked = false;
  #running: Promise<void> | undefined;

  constructor({ table, tree, polite, gracePeriodMs, signal, onProgress }: TreeTerminationOptions) {
    this.#table = table;
    this.#tree = tree;
    this.#polite = polite;
    this.#signal = signal;
    this.#onProgress = onProgress;
    this.#deadlineMs = performance.now() + gracePeriodMs;
  }

  /** Starts at the first call. Resolves when nothing is left, or only survivors are. */
  async run(): Promise<void> {
    this.#running ??= this.#sweepUntilEmpty();
    return this.#running;
  }

  /** Shortens the grace period; never lengthens it. */
  hurry(gracePeriodMs: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, performance.now() + gracePeriodMs);
    this.#bell.ring();
  }

  /** Looks again at once: something has ended. */
  poke(): void {
    this.#bell.ring();
  }

  /** When the first KILL was sent, in milliseconds since the Unix epoch. */
  get killedAtMs(): number | null {
    return this.#killedAtMs;
  }

  get processes(): readonly TerminatedProcess[] {
    return [...this.#seen.values()].slice(0, MAX_REPORTED).map(({ entry, command, signals, goneAtMs }) => ({
      pid: entry.pid,
      command,
      signals: [...signals],
      goneAtMs,
    }));
  }

  async #sweepUntilEmpty(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let emptySweeps = 0; emptySweeps < 2;) {
      const snapshot = await this.#table.scan();
      if (this.#signal.aborted) return;
      const everybody = this.#tree.members(snapshot);
      const members = everybody.filter((entry) => !isOfStopCommand(this.#polite, entry));
      this.#record(members);
      const restMs = this.#deadlineMs - performance.now();
      if (restMs <= 0) this.#polite.stopCommand?.[Symbol.dispose]();
      if (members.length > 0) {
        if (restMs <= 0) this.#kill(members);
        else this.#askToEnd(members);
      }
      this.#tellProgress();
      if (members.length === 0 && this.#polite.stopCommand?.isRunning !== true) {
        emptySweeps += 1;
        continue;
      }
      emptySweeps = 0;
      const stillSinceMs = performance.now() - Math.max(this.#lastChangeMs, this.#deadlineMs);
      if (stillSinceMs > KILL_LIMIT_MS) return;
      await this.#bell.wait(this.#signal, restMs > 0 ? Math.min(pauseMs, restMs) : FIRST_PAUSE_MS);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Each process is asked once: a second TERM means "at once" to many programs. So the group as a whole is asked once, too. */
  #askToEnd(members: readonly ProcessEntry[]): void {
    const polite = this.#polite.signal();
    if (polite === null) return;
    const fresh = members.filter((entry) => this.#seenOf(entry).signals.length === 0);
    const group = this.#tree.root.program.pid;
    const asksGroup = !this.#groupAsked && fresh.some((entry) => entry.groupId === group);
    this.#groupAsked ||= asksGroup;
    for (const signal of [polite, 'SIGCONT'] as const)
      this.#send(fresh, signal, asksGroup ? new Set([group]) : new Set());
  }

  #kill(members: readonly ProcessEntry[]): void {
    const isFirst = this.#killedAtMs === null;
    this.#killedAtMs ??= Date.now();
    const fresh = members.filter((entry) => !this.#seenOf(entry).signals.some(endsForking));
    if (!isFirst && fresh.length > 0) this.#forksOn = true;
    if (this.#tree.killHeld()) {
      const program = this.#tree.root.program.pid;
      const [own, others] = [
        members.filter(({ sessionId }) => sessionId === program),
        members.filter(({ sessionId }) => sessionId !== program),
      ];
      for (const entry of own) this.#note(entry, 'SIGKILL');
      // Whoever carries the cookie is the job's, and may be elsewhere: a stop command of a server that was killed.
      this.#send(others, 'SIGKILL', new Set());
      return;
    }
    if (this.#forksOn && fresh.length > 0) this.#send(fresh, 'SIGSTOP', this.#groupsOf(members));
    else this.#send(members, 'SIGKILL', this.#groupsOf(members));
  }

  /** The groups that consist of the job's processes alone: the program's, and those whose leader is a member. */
  #groupsOf(members: readonly ProcessEntry[]): ReadonlySet<number> {
    const leaders = members.filter(({ pid, groupId }) => pid === groupId).map(({ pid }) => pid);
    return new Set([this.#tree.root.program.pid, ...leaders]);
  }

  /** @param groups those that are signalled as a whole, in one call, so that no fork gets past it */
  #send(targets: readonly ProcessEntry[], signal: NodeJS.Signals, groups: ReadonlySet<number>): void {
    const reached = new Set<number>();
    for (const groupId of new Set(targets.map((entry) => entry.groupId))) {
      if (groups.has(groupId) && signalGroup(groupId, signal)) reached.add(groupId);
    }
    for (const entry of targets) {
      if (reached.has(entry.groupId) || signalProcess(entry, signal)) this.#note(entry, signal);
    }
  }

  #note(entry: ProcessEntry, signal: NodeJS.Signals): void {
    const { signals } = this.#seenOf(entry);
    if (signals.at(-1) === signal) return;
    signals.push(signal);
    this.#changed();
  }

  #record(members: readonly ProcessEntry[]): void {
    const present = new Set(members.map(keyOf));
    for (const [key, seen] of this.#seen) {
      if (present.has(key) || seen.goneAtMs !== null) continue;
      seen.goneAtMs = Date.now();
      this.#changed();
    }
    for (const entry of members) this.#seenOf(entry);
  }

  #seenOf(entry: ProcessEntry): Seen {
    const key = keyOf(entry);
    let seen = this.#seen.get(key);
    if (seen === undefined) {
      seen = { entry, command: readCommandLine(entry), signals: [], goneAtMs: null };
      this.#seen.set(key, seen);
      this.#changed();
    }
    return seen;
  }

  #changed(): void {
    this.#hasChanged = true;
    this.#lastChangeMs = performance.now();
  }

  #tellProgress(): void {
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.#onProgress();
  }
}

function endsForking(signal: NodeJS.Signals): boolean {
  return signal === 'SIGKILL' || signal === 'SIGSTOP';
}

function keyOf(entry: ProcessEntry): string {
  return `${String(entry.pid)}:${String(entry.startTicks)}`;
}
