import { setImmediate } from 'node:timers/promises';

/** A server that is killed: nothing that was under way comes back. */
const NEVER = new Promise<never>(() => undefined);

/** Where a server is killed: at which of its calls, and whether that call still has its effect. */
export interface KillPoint {
  readonly call: number;
  readonly isDone: boolean;
}

/** Counts the calls that a server makes to what outlives it, and kills it at one of them. */
export class WatchedCalls {
  readonly #killAt: KillPoint | null;
  #made = 0;
  #underWay = 0;
  isDead = false;

  constructor(killAt: KillPoint | null = null) {
    this.#killAt = killAt;
  }

  /** The same object, watched. Its methods give promises. */
  of<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.#call(() => Reflect.apply(method, target, args) as Promise<unknown>);
      },
    });
  }

  /** Resolves when all that has begun has come to rest. */
  async settle(): Promise<void> {
    let made: number;
    do {
      made = this.#made;
      await setImmediate();
    } while (this.#made !== made || (this.#underWay > 0 && !this.isDead));
  }

  async #call(work: () => Promise<unknown>): Promise<unknown> {
    if (this.isDead) return NEVER;
    this.#made += 1;
    const isLast = this.#killAt?.call === this.#made;
    if (isLast) this.isDead = true;
    if (isLast && !this.#killAt.isDone) return NEVER;
    this.#underWay += 1;
    try {
      const result = await work();
      return isLast ? await NEVER : result;
    } finally {
      this.#underWay -= 1;
    }
  }
}
