import { readFileSync } from 'node:fs';
import { writeWhole } from '../storage/write-whole.ts';
import type { ProcessEntry, ProcessSnapshot } from './process-table.ts';
import { isInSessionOrGroup, shimSession, treeMembers, type TreeRoot } from './process-tree.ts';
import type { TreeHolder } from './tree-holder.ts';

/**
 * Guard of what is known of the processes of one job: the union of session, group, cookie, holder, and of whoever was seen
 * below a member while the link still existed. Those stay known when their parents are gone; the ones that nothing else
 * would tell are on file, so that the next server knows them, too.
 */
export class JobTree implements Disposable {
  readonly root: TreeRoot;
  readonly #holder: TreeHolder;
  readonly #strayPath: string;
  #known: ReadonlyMap<number, number>;
  #strayText = '';

  /**
   * @param holder owned from now on
   * @param strayPath where the identities of strays are kept
   */
  constructor(root: TreeRoot, holder: TreeHolder, strayPath: string) {
    this.root = root;
    this.#holder = holder;
    this.#strayPath = strayPath;
    this.#known = readStrays(strayPath);
  }

  /** The live processes of the job in the picture, and remembers them. */
  members(snapshot: ProcessSnapshot): readonly ProcessEntry[] {
    const members = treeMembers(snapshot, this.root, [
      ...this.#holder.members(snapshot),
      ...this.#knownIn(snapshot),
    ]);
    this.#remember(members);
    return members;
  }

  /** The shim, its subshells and its sinks. */
  shimSession(snapshot: ProcessSnapshot): readonly ProcessEntry[] {
    return shimSession(snapshot, this.root);
  }

  /** Whether none of its processes can have escaped so far. */
  get isHeld(): boolean {
    return this.#holder.holds();
  }

  /** Kills everything in one step; `false` where nothing can do that. */
  killHeld(): boolean {
    return this.#holder.kill();
  }

  [Symbol.dispose](): void {
    this.#holder[Symbol.dispose]();
  }

  *#knownIn(snapshot: ProcessSnapshot): Iterable<ProcessEntry> {
    for (const [pid, startTicks] of this.#known) {
      const process = snapshot.processes.get(pid);
      if (process?.startTicks === startTicks) yield process;
    }
  }

  #remember(members: readonly ProcessEntry[]): void {
    this.#known = new Map(members.map(({ pid, startTicks }) => [pid, startTicks]));
    const strays = members.filter((process) => !isInSessionOrGroup(process, this.root));
    const text = strays.map(({ pid, startTicks }) => `${String(pid)} ${String(startTicks)}\n`).join('');
    if (text === this.#strayText) return;
    this.#strayText = text;
    try {
      writeWhole(this.#strayPath, text);
    } catch {
      // A full disk, or a directory that was removed: this server knows them all the same.
    }
  }
}

/** Start ticks by pid. A torn line means nobody. */
function readStrays(path: string): Map<number, number> {
  try {
    return new Map(
      readFileSync(path, 'latin1')
        .split('\n')
        .map((line) => /^(\d+) (\d+)$/.exec(line))
        .flatMap((match) => (match === null ? [] : [[Number(match[1]), Number(match[2])] as const])),
    );
  } catch {
    return new Map();
  }
}
