import type { AuditedAct } from '../domain/audit.ts';

/** How many kinds of refusals are told apart at once; further ones are counted together. */
const MOST_KINDS = 500;

/** An act, and how often it came. */
export interface TalliedAct extends AuditedAct {
  readonly count: number;
}

interface Kind {
  /** What was told first; its subject only for as long as all have the same. */
  act: AuditedAct;
  repeats: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Counts refusals that are alike: of the same actor, from the same address, of the same action, with the same result.
 *
 * A kind: unknown → `isFirst()` true, counted → its time over: told if it came again, and counted on; forgotten otherwise.
 * At most `MOST_KINDS` are known, and each is told once in its time, whatever comes. Disposing tells what was counted.
 */
export class RefusalTally implements Disposable {
  readonly #periodMs: number;
  readonly #tell: (tallied: TalliedAct) => void;
  readonly #kinds = new Map<string, Kind>();

  constructor(periodMs: number, tell: (tallied: TalliedAct) => void) {
    this.#periodMs = periodMs;
    this.#tell = tell;
  }

  /** Whether this one is to be told by itself; otherwise it is counted. */
  isFirst(act: AuditedAct): boolean {
    const own = keyOf(act);
    const isKnown = this.#kinds.has(own);
    const isFull = this.#kinds.size >= MOST_KINDS;
    const key = isKnown || !isFull ? own : OTHERS;
    const kind = this.#kinds.get(key);
    if (kind !== undefined) {
      kind.repeats += 1;
      if (kind.act.subject !== act.subject) kind.act = { ...kind.act, subject: null };
      return false;
    }
    this.#kinds.set(key, {
      act: key === own ? act : { ...EVERYTHING_ELSE, result: act.result },
      repeats: key === own ? 0 : 1,
      timer: setInterval(() => {
        this.#periodOver(key);
      }, this.#periodMs).unref(),
    });
    return key === own;
  }

  [Symbol.dispose](): void {
    for (const kind of this.#kinds.values()) {
      clearInterval(kind.timer);
      this.#tellRepeats(kind);
    }
    this.#kinds.clear();
  }

  #periodOver(key: string): void {
    const kind = this.#kinds.get(key);
    if (kind === undefined) return;
    if (kind.repeats === 0) {
      clearInterval(kind.timer);
      this.#kinds.delete(key);
    } else {
      this.#tellRepeats(kind);
    }
  }

  #tellRepeats(kind: Kind): void {
    if (kind.repeats === 0) return;
    this.#tell({ ...kind.act, count: kind.repeats });
    kind.repeats = 0;
  }
}

const OTHERS = '';
const EVERYTHING_ELSE: Omit<AuditedAct, 'result'> = {
  actor: { title: 'several', tokenId: null, address: 'several' },
  action: 'several',
  subject: null,
};

function keyOf({ actor: { title, address }, action, result }: AuditedAct): string {
  return JSON.stringify([title, address, action, result]);
}
