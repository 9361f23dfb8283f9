import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownCgroups } from './cgroup.ts';

/**
 * How often the kernel has killed for want of memory in the server's own cgroup: that of its container or unit, in which its
 * jobs are, too. It is looked for once.
 * Known gaps: a kill is not told apart from another one that came meanwhile; without a cgroup for memory nothing counts.
 */
export class OomKills {
  readonly #path: string | null;

  private constructor(path: string | null) {
    this.#path = path;
  }

  static find(): OomKills {
    return new OomKills(counterPaths().find((path) => readCount(path) !== null) ?? null);
  }

  /** @returns whether there has been one since this call; never where nobody counts */
  watch(): () => boolean {
    const before = this.#count();
    return () => before !== null && (this.#count() ?? 0) > before;
  }

  /** Since the cgroup was made; `null` where nobody counts. */
  #count(): number | null {
    return this.#path === null ? null : readCount(this.#path);
  }
}

/** Source: the kernel's admin-guide/cgroup-v2 (`memory.events`) and cgroup-v1/memory (`memory.oom_control`). */
function counterPaths(): string[] {
  try {
    const mountInfo = readFileSync('/proc/self/mountinfo', 'utf8');
    const own = readFileSync('/proc/self/cgroup', 'utf8');
    return [
      ...ownCgroups(mountInfo, own, null).map((path) => join(path, 'memory.events')),
      ...ownCgroups(mountInfo, own, 'memory').map((path) => join(path, 'memory.oom_control')),
    ];
  } catch {
    return [];
  }
}

function readCount(path: string): number | null {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(path, 'latin1'))?.[1];
    return count === undefined ? null : Number(count);
  } catch {
    return null;
  }
}
