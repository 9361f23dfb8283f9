import { readdirSync } from 'node:fs';
import { readProcess } from './supervisor/process-table.ts';

// Why it only counts: what loses its parent in a pid namespace becomes a child of the first process, and Node waits for
// none but the children that it has started itself. To wait for all of them needs native code.

/** How long after a hint to look: the server's own children have been waited for by then. */
const LOOK_AFTER_MS = 1_000;

/**
 * Counts the dead children of this process that nobody waits for. Each keeps a pid until this process ends; nothing takes it
 * for alive. For a server that is the first process of its pid namespace. The guard stops looking.
 */
export class ZombieCount implements Disposable {
  readonly #onMore: (zombies: number) => void;
  #told = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onMore called when there is the first one, and each time when there are twice as many as were told last */
  constructor(onMore: (zombies: number) => void) {
    this.#onMore = onMore;
  }

  /** There may be more. Looks a moment later; calls that come together are one look. */
  lookSoon(): void {
    this.#timer ??= setTimeout(this.#look, LOOK_AFTER_MS).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const zombies = readdirSync('/proc').filter(isOwnZombie).length;
    if (zombies === 0 || zombies < 2 * this.#told) return;
    this.#told = zombies;
    this.#onMore(zombies);
  };
}

function isOwnZombie(name: string): boolean {
  if (!/^\d+$/.test(name)) return false;
  const found = readProcess(Number(name));
  return found?.parentPid === process.pid && found.state === 'Z';
}
