import type { TerminatedProcess } from '../domain/terminated-process.ts';
import { Doorbell } from './doorbell.ts';
import { readCommandLine, type ProcessEntry, type ProcessTable } from './process-table.ts';
import { signalGroup, signalProcess, treeMembers, type TreeRoot } from './process-tree.ts';

/** How long killed processes are waited for before they are reported as survivors (uninterruptible, or not ours to kill). */
const KILL_LIMIT_MS = 5_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;

interface Seen {
  readonly entry: ProcessEntry;
  readonly command: string;
  readonly signals: NodeJS.Signals[];
  goneAtMs: number | null;
}

/**
 * Ends the tree of one job: TERM and CONT (a stopped process keeps TERM pending) to the program's group in one call and to
 * its strays, the grace period, KILL to what is left, and sweeps until two in a row find nothing.
 */
export class TreeTermination {
  readonly #table: ProcessTable;
  readonly #root: TreeRoot;
  readonly #signal: AbortSignal;
  readonly #bell = new Doorbell();
  readonly #seen = new Map<string, Seen>();
  #deadlineMs: number;
  #killedAtMs: number | null = null;
  #groupAsked = false;
  #running: Promise<void> | undefined;

  /** @param signal aborts when the server lets go of the job; the tree is then left as it is */
  constructor(table: ProcessTable, root: TreeRoot, gracePeriodMs: number, signal: AbortSignal) {
    this.#table = table;
    this.#root = root;
    this.#signal = signal;
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
    return [...this.#seen.values()].map(({ entry, command, signals, goneAtMs }) => ({
      pid: entry.pid,
      command,
      signals: [...signals],
      goneAtMs,
    }));
  }

  async #sweepUntilEmpty(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let emptySweeps = 0; emptySweeps < 2 && !this.#signal.aborted;) {
      const members = treeMembers(await this.#table.scan(), this.#root);
      this.#record(members);
      if (members.length === 0) {
        emptySweeps += 1;
        continue;
      }
      emptySweeps = 0;
      const restMs = this.#deadlineMs - performance.now();
      if (restMs < -KILL_LIMIT_MS) return;
      if (restMs <= 0) this.#kill(members);
      else this.#askToEnd(members);
      await this.#bell.wait(this.#signal, restMs > 0 ? Math.min(pauseMs, restMs) : FIRST_PAUSE_MS);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Each process is asked once: a second TERM means "at once" to many programs. So the group as a whole is asked once, too. */
  #askToEnd(members: readonly ProcessEntry[]): void {
    const fresh = members.filter((entry) => this.#seenOf(entry).signals.length === 0);
    const asksGroup = !this.#groupAsked && fresh.some((entry) => this.#isInGroup(entry));
    this.#groupAsked ||= asksGroup;
    for (const signal of ['SIGTERM', 'SIGCONT'] as const) this.#send(fresh, signal, asksGroup);
  }

  #kill(members: readonly ProcessEntry[]): void {
    this.#killedAtMs ??= Date.now();
    this.#send(members, 'SIGKILL', true);
  }

  #send(targets: readonly ProcessEntry[], signal: NodeJS.Signals, toGroup: boolean): void {
    const viaGroup =
      toGroup &&
      targets.some((entry) => this.#isInGroup(entry)) &&
      signalGroup(this.#root.program.pid, signal);
    for (const entry of targets) {
      const reached = (viaGroup && this.#isInGroup(entry)) || signalProcess(entry, signal);
      const { signals } = this.#seenOf(entry);
      if (reached && signals.at(-1) !== signal) signals.push(signal);
    }
  }

  #isInGroup(entry: ProcessEntry): boolean {
    return entry.groupId === this.#root.program.pid;
  }

  #record(members: readonly ProcessEntry[]): void {
    const present = new Set(members.map(keyOf));
    for (const [key, seen] of this.#seen) {
      if (!present.has(key)) seen.goneAtMs ??= Date.now();
    }
    for (const entry of members) this.#seenOf(entry);
  }

  #seenOf(entry: ProcessEntry): Seen {
    const key = keyOf(entry);
    let seen = this.#seen.get(key);
    if (seen === undefined) {
      seen = { entry, command: readCommandLine(entry), signals: [], goneAtMs: null };
      this.#seen.set(key, seen);
    }
    return seen;
  }
}

function keyOf(entry: ProcessEntry): string {
  return `${String(entry.pid)}:${String(entry.startTicks)}`;
}
