import { createHash } from 'node:crypto';
import type { ReadClient } from './database.ts';
import type { AuditEntry, Prisma } from './generated/client.ts';
import type { WriteGate } from './write-gate.ts';

/** What a new row is made of. */
export type NewAuditEntry = Omit<Prisma.AuditEntryUncheckedCreateInput, 'id'>;

/** How long entries are kept. `null`: no bound. */
export interface AuditRules {
  readonly maxAgeMs: number | null;
  readonly maxEntries: number | null;
}

/** How many entries go at once. */
const ENTRIES_AT_ONCE = 2_000;
/** Fewer go once a day: each removal is told for good. */
const DAY_MS = 86_400_000;

/**
 * What was done, and what was refused. Rows are only ever added; the database itself refuses anything else but the removal of
 * the oldest by retention, for which it wants a row of its own that stays: how many went, up to which, and a digest of them
 * that goes on from the one before.
 */
export class AuditStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  /** In the order given, all or none. */
  async append(entries: readonly NewAuditEntry[]): Promise<void> {
    await this.#gate.transaction((tx) => tx.auditEntry.createMany({ data: [...entries] }));
  }

  /** Removes some of the oldest that are over the bounds. @returns how many; 0 where there is no more to do for now */
  async trim({ maxAgeMs, maxEntries }: AuditRules, nowMs: number): Promise<number> {
    if (maxAgeMs === null && maxEntries === null) return 0;
    const newest = await this.#read.auditEntry.findFirst({ orderBy: { id: 'desc' }, select: { id: true } });
    if (newest === null) return 0;
    const overCountId = maxEntries === null ? 0 : newest.id - maxEntries;
    const tooOldMs = maxAgeMs === null ? -Infinity : nowMs - maxAgeMs;
    const oldest = await this.#read.auditEntry.findMany({ orderBy: { id: 'asc' }, take: ENTRIES_AT_ONCE });
    const staying = oldest.findIndex(({ id, at }) => id > overCountId && at.getTime() >= tooOldMs);
    const going = staying === -1 ? oldest : oldest.slice(0, staying);
    const last = going.at(-1);
    if (last === undefined) return 0;
    const before = await this.#read.auditTrim.findFirst({ orderBy: { id: 'desc' } });
    const isDue =
      before === null || nowMs - before.at.getTime() >= DAY_MS || going.length === ENTRIES_AT_ONCE;
    if (!isDue) return 0;
    const trim = {
      at: new Date(nowMs),
      lastId: last.id,
      count: going.length,
      digest: digestOf(before?.digest ?? '', going),
    };
    await this.#gate.transaction(async (tx) => {
      await tx.auditTrim.create({ data: trim });
      await tx.auditEntry.deleteMany({ where: { id: { lte: last.id } } });
    });
    return going.length;
  }
}

function digestOf(before: string, entries: readonly AuditEntry[]): string {
  const hash = createHash('sha256').update(before);
  for (const { id, at, who, tokenId, address, action, subject, result, count } of entries) {
    const facts = [id, at.toISOString(), who, tokenId, address, action, subject, result, count];
    hash.update(`\n${JSON.stringify(facts)}`);
  }
  return hash.digest('hex');
}
